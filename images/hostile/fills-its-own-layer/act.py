"""Write 300 MB to /var, then wait to be stopped, for a minute at most."""

import time

with open("/var/filler", "wb") as filler:
    for _ in range(300):
        filler.write(b"x" * (1 << 20))
time.sleep(60)
