"""Say twice a second that the work goes on."""

import time

while True:
    print("still working")
    time.sleep(0.5)
