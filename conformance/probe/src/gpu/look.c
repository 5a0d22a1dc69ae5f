/* A look at the GPU through the image's own loader.
 *
 * It needs libcuda.so.1 and nothing else, so that the loader either finds that or says why not. Then it does what every
 * program that computes on a GPU does before anything else, and writes each result as a line `<name> <value>`:
 *
 *     library PATH       the file that the loader took for libcuda.so.1
 *     cuInit 0           and so on: what each function returned, until one fails
 *     version, count, name, same
 *
 * It exits with 0 where all of them succeeded and the memory of the device gave back what was put into it.
 */

#include "cuda.h"
#include "raw.h"

#define WORDS 1024
#define MAPS_BYTES 65536
#define NAME "libcuda.so"

static char maps[MAPS_BYTES];
static unsigned sent[WORDS];
static unsigned received[WORDS];
static char name[256];

static int begins_with(const char *text, const char *prefix)
{
    while (*prefix)
        if (*text++ != *prefix++)
            return 0;
    return 1;
}

/* The path of the first mapping whose file is called so; a path is what follows the first slash of a line. */
static void say_library(void)
{
    size_t length = 0;
    long count;
    long file = call(SYS_OPEN, (long)"/proc/self/maps", 0, 0);
    if (file < 0)
        return;
    while ((count = call(SYS_READ, file, (long)(maps + length), (long)(MAPS_BYTES - 1 - length))) > 0)
        length += (size_t)count;
    call(SYS_CLOSE, file, 0, 0);
    for (char *line = maps; *line;) {
        char *path = NULL;
        char *file_name = NULL;
        char *end = line;
        for (; *end && *end != '\n'; end++) {
            if (*end == '/') {
                path = path ? path : end;
                file_name = end + 1;
            }
        }
        char *next = *end ? end + 1 : end;
        *end = '\0';
        if (file_name && begins_with(file_name, NAME)) {
            say("library ");
            say(path);
            say("\n");
            return;
        }
        line = next;
    }
}

static void say_fact(const char *name, long number)
{
    say(name);
    say(" ");
    say_number(number);
    say("\n");
}

/* Says what a function returned; there is nothing more to be done after a failure. */
static void check(const char *name, int result)
{
    say_fact(name, result);
    if (result != CUDA_SUCCESS)
        leave(1);
}

__attribute__((used)) void look(void)
{
    int version = 0;
    int count = 0;
    int device = 0;
    int same = 1;
    void *context = NULL;
    unsigned long address = 0;

    say_library();
    check("cuInit", cuInit(0));
    check("cuDriverGetVersion", cuDriverGetVersion(&version));
    say_fact("version", version);
    check("cuDeviceGetCount", cuDeviceGetCount(&count));
    say_fact("count", count);
    if (!count)
        leave(1);
    check("cuDeviceGet", cuDeviceGet(&device, 0));
    check("cuDeviceGetName", cuDeviceGetName(name, sizeof name - 1, device));
    say("name ");
    say(name);
    say("\n");
    check("cuCtxCreate", cuCtxCreate_v2(&context, 0, device));
    check("cuMemAlloc", cuMemAlloc_v2(&address, sizeof sent));
    for (unsigned i = 0; i < WORDS; i++)
        sent[i] = i * 2654435761U;
    check("cuMemcpyHtoD", cuMemcpyHtoD_v2(address, sent, sizeof sent));
    check("cuMemcpyDtoH", cuMemcpyDtoH_v2(received, address, sizeof received));
    for (unsigned i = 0; i < WORDS; i++)
        same = same && sent[i] == received[i];
    say_fact("same", same);
    check("cuMemFree", cuMemFree_v2(address));
    check("cuCtxDestroy", cuCtxDestroy_v2(context));
    leave(same ? 0 : 1);
}

ENTRY(look);
