"""Write 300 MB to /opt/ml/processing/output/summary, then wait to be stopped, for a minute at most."""

import time

with open("/opt/ml/processing/output/summary/filler", "wb") as filler:
    for _ in range(300):
        filler.write(b"x" * (1 << 20))
time.sleep(60)
