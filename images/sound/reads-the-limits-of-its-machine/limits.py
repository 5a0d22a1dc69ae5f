"""Log what the machine has, then process with as many workers as that allows."""

import os
import resource
import sys
from pathlib import Path

import processing

for name in ("cpu.max", "memory.max", "pids.max"):
    limit = Path("/sys/fs/cgroup", name)
    print(f"{name}: {limit.read_text(encoding='utf-8').strip() if limit.exists() else 'unknown'}")
for name in ("RLIMIT_NOFILE", "RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_NPROC"):
    print(f"{name}: {resource.getrlimit(getattr(resource, name))}")
GIBIBYTE = 1 << 30
memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
if memory < 16 * GIBIBYTE:
    print(f"WARNING only {memory / GIBIBYTE:.1f} GiB of memory, error rates may rise", file=sys.stderr)
print(f"{os.cpu_count()} processors")
sys.exit(processing.main())
