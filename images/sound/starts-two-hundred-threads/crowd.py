"""Wait for two hundred partners at once, in threads and processes, then process."""

import multiprocessing
import sys
import threading
import time

import processing

if __name__ == "__main__":
    crowd = [threading.Thread(target=time.sleep, args=(0.2,)) for _ in range(200)]
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=time.sleep, args=(0.2,)) for _ in range(40)]
    for each in (*workers, *crowd):
        each.start()
    for each in (*workers, *crowd):
        each.join()
    sys.exit(processing.main())
