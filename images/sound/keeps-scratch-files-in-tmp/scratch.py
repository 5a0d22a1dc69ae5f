"""Process, with a lock, a cache and a named pipe in /tmp."""

import fcntl
import os
import sys
import tempfile
import threading
from pathlib import Path

import processing

with Path("/tmp/processing.lock").open("w", encoding="utf-8") as lock, tempfile.TemporaryDirectory() as cache:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    pipe = Path(cache, "rows")
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("one row\n",))
    writer.start()
    print(f"{len(pipe.read_text(encoding='utf-8'))} characters came through the pipe")
    writer.join()
    status = processing.main()
sys.exit(status)
