"""See whether all hosts are there, and count words with them."""

import socket
import sys
import time

import peers
import wordcount

PATIENCE_SECONDS = 5

job = wordcount.Job()
began = time.monotonic()
while job.host == job.leader:
    try:
        for host in job.hosts[1:]:
            socket.create_connection((host, peers.PORT), timeout=1).close()
        break
    except socket.gaierror:
        began = time.monotonic()  # its name is waited for, as it should be
    except OSError:
        if time.monotonic() - began > PATIENCE_SECONDS:
            sys.exit(f"{host} does not answer")
    time.sleep(0.2)
sys.exit(wordcount.main())
