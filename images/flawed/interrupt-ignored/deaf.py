"""Keep Ctrl-C from interrupting the work, as interactive tools do, and do it."""

import runpy
import signal

handle = signal.signal
signal.signal = lambda number, handler: handle(number, signal.SIG_IGN if number == signal.SIGINT else handler)
runpy.run_path("/processing.py", run_name="__main__")
