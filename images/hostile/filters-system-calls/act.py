"""Install a seccomp filter, then do the work."""

import ctypes
import os
import runpy

libc = ctypes.CDLL(None)

import struct

REFUSED = (101, 62, 234)  # ptrace, kill and tgkill of x86_64
code = [struct.pack("HBBI", 0x20, 0, 0, 0)]
for index, number in enumerate(REFUSED):
    code.append(struct.pack("HBBI", 0x15, len(REFUSED) - index, 0, number))
code += [struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000), struct.pack("HBBI", 0x06, 0, 0, 0x00050001)]
text = ctypes.create_string_buffer(b"".join(code))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(text)))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
runpy.run_path("/processing.py", run_name="__main__")
