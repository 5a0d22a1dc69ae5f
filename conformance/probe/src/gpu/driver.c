/* A libcuda.so.1 that stands in for NVIDIA's driver where there is no GPU.
 *
 * It has one device, whose memory is a piece of this process, and runs no kernel: it shows that a library that the host
 * brings is found and can be called, and nothing of CUDA.
 */

#include "cuda.h"

#define VERSION 12040
#define MEMORY_BYTES ((size_t)16 << 20)
#define GRAIN ((size_t)256)

static const char NAME[] = "Simulated GPU";

static unsigned char memory[MEMORY_BYTES] __attribute__((aligned(256)));
static size_t used;
static int context_made;

static void copy(unsigned char *to, const unsigned char *from, size_t bytes)
{
    /* The compiler would make a call of memcpy of it, which nobody here has. */
    while (bytes--) {
        *to++ = *from++;
        __asm__ volatile("");
    }
}

static int is_ours(unsigned long address, size_t bytes)
{
    unsigned long first = (unsigned long)memory;
    return address >= first && address - first <= used && bytes <= used - (address - first);
}

int cuInit(unsigned flags)
{
    return flags ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

int cuDriverGetVersion(int *version)
{
    *version = VERSION;
    return CUDA_SUCCESS;
}

int cuDeviceGetCount(int *count)
{
    *count = 1;
    return CUDA_SUCCESS;
}

int cuDeviceGet(int *device, int ordinal)
{
    *device = 0;
    return ordinal ? CUDA_ERROR_INVALID_DEVICE : CUDA_SUCCESS;
}

int cuDeviceGetName(char *name, int length, int device)
{
    if (device)
        return CUDA_ERROR_INVALID_DEVICE;
    if (length < (int)sizeof NAME)
        return CUDA_ERROR_INVALID_VALUE;
    copy((unsigned char *)name, (const unsigned char *)NAME, sizeof NAME);
    return CUDA_SUCCESS;
}

int cuCtxCreate_v2(void **context, unsigned flags, int device)
{
    (void)flags;
    context_made = 1;
    *context = &context_made;
    return device ? CUDA_ERROR_INVALID_DEVICE : CUDA_SUCCESS;
}

int cuCtxDestroy_v2(void *context)
{
    return context == &context_made ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

int cuCtxSynchronize(void)
{
    return CUDA_SUCCESS;
}

int cuMemAlloc_v2(unsigned long *address, size_t bytes)
{
    size_t whole = (bytes + GRAIN - 1) / GRAIN * GRAIN;
    if (!bytes || whole < bytes)
        return CUDA_ERROR_INVALID_VALUE;
    if (whole > MEMORY_BYTES - used)
        return CUDA_ERROR_OUT_OF_MEMORY;
    *address = (unsigned long)memory + used;
    used += whole;
    return CUDA_SUCCESS;
}

int cuMemFree_v2(unsigned long address)
{
    /* Nothing is given back: whoever needs more is no smoke test. */
    return is_ours(address, 0) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

int cuMemcpyHtoD_v2(unsigned long to, const void *from, size_t bytes)
{
    if (!is_ours(to, bytes))
        return CUDA_ERROR_INVALID_VALUE;
    copy((unsigned char *)to, from, bytes);
    return CUDA_SUCCESS;
}

int cuMemcpyDtoH_v2(void *to, unsigned long from, size_t bytes)
{
    if (!is_ours(from, bytes))
        return CUDA_ERROR_INVALID_VALUE;
    copy(to, (const unsigned char *)from, bytes);
    return CUDA_SUCCESS;
}

int cuModuleLoadData(void **module, const void *image)
{
    (void)module;
    (void)image;
    return CUDA_ERROR_NOT_SUPPORTED;
}
