"""Look all hosts up, and count words with them."""

import socket
import sys

import wordcount

for host in wordcount.Job().hosts:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        sys.exit(f"there is no host {host}")
sys.exit(wordcount.main())
