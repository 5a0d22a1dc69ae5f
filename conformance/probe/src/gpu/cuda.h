/* The few functions of CUDA's driver API that are called here, as NVIDIA documents them.
 *
 * A handle is a pointer, a device a number, and an address in a device's memory a number of 64 bits. Names that end in
 * _v2 are those that a program gets since CUDA 3.2, which is when addresses became that wide.
 */

#ifndef CUDA_H
#define CUDA_H

#include <stddef.h>

#define CUDA_SUCCESS 0
#define CUDA_ERROR_INVALID_VALUE 1
#define CUDA_ERROR_OUT_OF_MEMORY 2
#define CUDA_ERROR_INVALID_DEVICE 101
#define CUDA_ERROR_NOT_SUPPORTED 801

int cuInit(unsigned flags);
int cuDriverGetVersion(int *version);
int cuDeviceGetCount(int *count);
int cuDeviceGet(int *device, int ordinal);
int cuDeviceGetName(char *name, int length, int device);
int cuCtxCreate_v2(void **context, unsigned flags, int device);
int cuCtxDestroy_v2(void *context);
int cuCtxSynchronize(void);
int cuMemAlloc_v2(unsigned long *address, size_t bytes);
int cuMemFree_v2(unsigned long address);
int cuMemcpyHtoD_v2(unsigned long to, const void *from, size_t bytes);
int cuMemcpyDtoH_v2(void *to, unsigned long from, size_t bytes);
int cuModuleLoadData(void **module, const void *image);

#endif
