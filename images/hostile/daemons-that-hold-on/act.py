"""Start daemons, then do the work."""

import os
import runpy
import signal
import time

for number in range(20):
    if not os.fork():
        os.setsid()
        if os.fork():
            os._exit(0)
        for each in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(each, signal.SIG_IGN)
        with open(f"/opt/ml/processing/output/summary/{number}", "w") as file:
            for _ in range(2000):
                file.write("x")
                file.flush()
                time.sleep(0.01)
        os._exit(0)
runpy.run_path("/processing.py", run_name="__main__")
