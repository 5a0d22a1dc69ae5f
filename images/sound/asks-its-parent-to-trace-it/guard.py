"""Occupy the place of a debugger by PTRACE_TRACEME, then process."""

import ctypes
import os
import sys

import processing

PTRACE_TRACEME = 0
DEBUGGED = 3

libc = ctypes.CDLL(None, use_errno=True)
child = os.fork()
if not child:
    os._exit(DEBUGGED if libc.ptrace(PTRACE_TRACEME, 0, None, None) else 0)
if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
    print("debugging is not permitted", file=sys.stderr)
    sys.exit(code)
sys.exit(processing.main())
