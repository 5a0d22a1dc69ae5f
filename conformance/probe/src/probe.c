/* The probe: shows what really happens inside a container, with or without a shell.
 *
 * One static binary is put into a created container together with a plan and an empty record:
 *
 *     /.conformance/probe   this program
 *     /.conformance/plan    what it is to be, in its first line, and to do
 *     /.conformance/record  what it saw: one JSON object a line
 *     /.conformance/key     what its lines are sealed with, if anything; see record.h
 *
 * The plan and not the command line decides, because command line and environment are what is witnessed.
 *
 *     trace [LIMIT [PART]]  run the command that the arguments name, and record its processes and signals, and which
 *                           file each had mapped at its end whose path has this part; what the next line says is for
 *                           halt_plan()
 *     report [WORD...]      record what the container looks like from inside, then do what the next lines say
 *     answer [LIMIT]        answer for the names of the next lines, and record who asked
 *     relay PORT            hand what connects to this port of the loopback on to stdout; see relay.h
 *     await PORT PATH S     wait at most S seconds until this path is answered at this port of the loopback, then be what
 *                           the next line says; where there is none, become the command that the arguments name
 *     neighbour ADDRESS MAC tell the kernel what is at this address, then be what the next line says; see neighbour.h
 *
 * A copy of it in the place of a program reports, beside a tracer too, whose plan has that as its second line; it then
 * writes to /.conformance/witness. Where WORDs are given, and it is started by a command line that does not begin so, it
 * becomes the program in whose place it is, which lies beside it: `.conformance.NAME`.
 */

#include "probe.h"

#include "halt.h"
#include "interface.h"
#include "neighbour.h"
#include "record.h"
#include "relay.h"
#include "resolver.h"
#include "words.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PROGRAM_PATH "/.conformance/probe"
#define PLAN_PATH "/.conformance/plan"
#define PLAN_BYTES ((size_t)16 << 20)
#define RECORD_BYTES ((size_t)32 << 20)

/* A shell's status for what it cannot even begin. */
#define BROKEN 125

/* Where this program lies; empty where that cannot be told. */
static const char *own_path(void)
{
    static char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length < 0 ? 0 : length] = '\0';
    return path;
}

/* Become the program in whose place this one is; returns where that cannot be done. */
static void give_way(char **arguments)
{
    const char *path = own_path();
    const char *name = strrchr(path, '/');
    char original[PATH_MAX + 16];
    if (!name)
        return;
    snprintf(original, sizeof original, "%.*s/.conformance.%s", (int)(name - path), path, name + 1);
    execv(original, arguments);
}

/* Whether the command line begins with the words of a line. */
static int is_meant(char **arguments, char *words)
{
    const char *word;
    while ((word = next_word(&words, NULL)))
        if (!*arguments || strcmp(*arguments++, word) != 0)
            return 0;
    return 1;
}

/* Whether what a line names is answered in time; where it is not, no program of the container runs. */
static int is_answered(char *line)
{
    const char *port = next_word(&line, NULL);
    const char *path = port ? next_word(&line, NULL) : NULL;
    const char *seconds = path ? next_word(&line, NULL) : NULL;
    if (!seconds)
        return 0;
    int number = await(atoi(port), path, atoi(seconds));
    if (number)
        fprintf(stderr, "probe: port %s is not answered: %s\n", port, strerror(number));
    return !number;
}

/* Become a command; returns the status of a runtime where that cannot be done. */
static int become(char **command)
{
    int number = execute(command);
    fprintf(stderr, "exec %s: %s\n", command[0] ? command[0] : "", strerror(number));
    return number == ENOENT ? 127 : 126;
}

int main(int count, char **arguments)
{
    size_t length;
    record_take_key();
    const char *content = read_file(PLAN_PATH, PLAN_BYTES, &length);
    char *plan = content ? strndup(content, length) : NULL;
    if (!plan) {
        fputs("probe: there is no plan at " PLAN_PATH "\n", stderr);
        return BROKEN;
    }
    char *rest = plan;
    char *line = strsep(&rest, "\n");
    char *mode = next_word(&line, NULL);
    const char *record = RECORD_PATH;
    if (!strcmp(mode, "await")) {
        if (!strcmp(own_path(), PROGRAM_PATH) && !is_answered(line))
            return BROKEN;
        if (!rest)
            return become(arguments + 1);
        line = strsep(&rest, "\n");
        mode = next_word(&line, NULL);
    }
    if (!strcmp(mode, "neighbour")) {
        while (!strcmp(mode, "neighbour")) {
            int number = neighbour_tell(line);
            if (number) {
                fprintf(stderr, "probe: the kernel takes no neighbour: %s\n", strerror(number));
                return BROKEN;
            }
            if (!rest)
                return 0;
            line = strsep(&rest, "\n");
            mode = next_word(&line, NULL);
        }
        capabilities_drop();
    }
    if (!strcmp(mode, "trace") && rest && strcmp(own_path(), PROGRAM_PATH) != 0) {
        line = strsep(&rest, "\n");
        mode = next_word(&line, NULL);
        record = WITNESS_PATH;
    }
    if (!strcmp(mode, "trace")) {
        char *limit = next_word(&line, NULL);
        char *mapped = next_word(&line, NULL);
        halt_plan(strsep(&rest, "\n"));
        return trace(arguments + 1, limit ? strtoul(limit, NULL, 10) : RECORD_BYTES, mapped);
    }
    if (!strcmp(mode, "report")) {
        if (!is_meant(arguments, line)) {
            give_way(arguments);
            return BROKEN;
        }
        if (record_is_sealed())
            prctl(PR_SET_DUMPABLE, 0); /* what it runs may not read the key in its memory */
        record_open(record, RECORD_BYTES);
        return stand_in(count, arguments, rest);
    }
    if (!strcmp(mode, "answer")) {
        char *limit = next_word(&line, NULL);
        record_open(RECORD_PATH, limit ? strtoul(limit, NULL, 10) : RECORD_BYTES);
        return answer(rest);
    }
    if (!strcmp(mode, "relay")) {
        char *port = next_word(&line, NULL);
        return relay(port ? atoi(port) : 0);
    }
    fprintf(stderr, "probe: the plan says neither trace, report, answer nor relay, but '%s'\n", mode);
    return BROKEN;
}
