"""A few functions of CUDA's driver API, which is in a library of the host's: nothing of CUDA is in the image."""

from __future__ import annotations

import ctypes
from array import array
from pathlib import Path

LIBRARY = "libcuda.so.1"
THREADS = 256  # in a block, which every GPU has

Address = ctypes.c_uint64


class CudaError(Exception):
    """There is no GPU, or it refuses; the text says which function returned what."""


class Gpu:
    """The first GPU of the container."""

    def __init__(self) -> None:
        """Find the driver and a GPU.

        Raises:
            CudaError: there is none of them.
        """
        try:
            self._driver = ctypes.CDLL(LIBRARY)
        except OSError as error:
            raise CudaError(str(error)) from error
        self._call("cuInit", 0)
        count = ctypes.c_int()
        self._call("cuDeviceGetCount", ctypes.byref(count))
        if not count.value:
            raise CudaError("the driver knows of no GPU")
        device = ctypes.c_int()
        self._call("cuDeviceGet", ctypes.byref(device), 0)
        name = ctypes.create_string_buffer(256)
        self._call("cuDeviceGetName", name, len(name) - 1, device)
        self.name = name.value.decode(errors="replace")
        self._context = ctypes.c_void_p()
        self._call("cuCtxCreate_v2", ctypes.byref(self._context), 0, device)

    def add(self, first: array[float], second: array[float], *, times: int = 1) -> array[float]:
        """The sums of numbers that stand at the same place, computed so many times."""
        program, kernel = ctypes.c_void_p(), ctypes.c_void_p()
        text = Path(__file__).with_name("add.ptx").read_bytes()
        self._call("cuModuleLoadData", ctypes.byref(program), ctypes.c_char_p(text))
        self._call("cuModuleGetFunction", ctypes.byref(kernel), program, ctypes.c_char_p(b"add"))
        sums = array("d", bytes(8 * len(first)))
        size = ctypes.c_size_t(8 * len(first))
        places = [self._put(numbers, size) for numbers in (first, second, sums)]
        count = ctypes.c_uint32(len(first))
        words = (*places, count)
        parameters = (ctypes.c_void_p * len(words))(*(ctypes.addressof(word) for word in words))
        blocks = -(-len(first) // THREADS)
        grid = (blocks, 1, 1, THREADS, 1, 1)
        launch = (kernel, *map(ctypes.c_uint, grid), ctypes.c_uint(0), None, parameters, None)
        for _ in range(times):
            self._call("cuLaunchKernel", *launch)
        self._call("cuCtxSynchronize")
        self._call("cuMemcpyDtoH_v2", ctypes.c_void_p(sums.buffer_info()[0]), places[2], size)
        for place in places:
            self._call("cuMemFree_v2", place)
        return sums

    def close(self) -> None:
        """Give the GPU back."""
        self._call("cuCtxDestroy_v2", self._context)

    def _put(self, numbers: array[float], size: ctypes.c_size_t) -> Address:
        place = Address()
        self._call("cuMemAlloc_v2", ctypes.byref(place), size)
        self._call("cuMemcpyHtoD_v2", place, ctypes.c_void_p(numbers.buffer_info()[0]), size)
        return place

    def _call(self, name: str, *arguments: object) -> None:
        try:
            result = int(getattr(self._driver, name)(*arguments))
        except AttributeError as error:
            raise CudaError(f"{LIBRARY} has no {name}") from error
        if result:
            raise CudaError(f"{name} returned {result}")
