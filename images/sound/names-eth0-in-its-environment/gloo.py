"""Look for the interface that the environment names, as Gloo does, then process."""

import os
import socket
import sys

import processing

wanted = os.environ["GLOO_SOCKET_IFNAME"]
if wanted not in {name for _, name in socket.if_nameindex()}:
    print(f"Unable to find address for: {wanted}", file=sys.stderr)
    sys.exit(1)
sys.exit(processing.main())
