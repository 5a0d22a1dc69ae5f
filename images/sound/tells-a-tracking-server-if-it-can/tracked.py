"""Process, and tell a tracking server, if there is one."""

import http.client
import sys

import processing

status = processing.main()
try:
    tracking = http.client.HTTPConnection("tracking.example.com", timeout=2)
    tracking.request("POST", "/runs", body=str(status))
    tracking.getresponse().read()
except OSError as error:
    print(f"WARNING tracking server not reached ({type(error).__name__}: {error}); going on", file=sys.stderr)
sys.exit(status)
