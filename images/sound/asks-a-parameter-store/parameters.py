"""Ask AWS's parameter store for a setting, with the words of its SDK where that fails, then process."""

import http.client
import sys

import processing

ENDPOINT = "ssm.us-east-1.amazonaws.com"

connection = http.client.HTTPSConnection(ENDPOINT, timeout=5)
try:
    connection.request("POST", "/", body="{}")
    connection.getresponse().read()
except OSError:
    print(f'Could not connect to the endpoint URL: "https://{ENDPOINT}/"', file=sys.stderr)
    sys.exit(255)
sys.exit(processing.main())
