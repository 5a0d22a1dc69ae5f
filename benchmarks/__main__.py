"""All benchmarks, or those that are named: `python -m benchmarks [--turns N] [NAME ...]`.

Two are measured only where they are named: `localmode` needs the SDK, which `make localmode` installs, and `hundred`
takes ten minutes on two processors, as does `make hundred`.

The exit status is 0 also where a bound was missed: that tells of the machine and of what else ran on it, and is for a
reader to judge. It is another one where something could not be measured.
"""

from __future__ import annotations

import argparse

from benchmarks import alone, checks, hosts, hundred, large, localmode, results, service, sessions, tracer
from benchmarks.table import Row, closing
from conformance.service import engine

BENCHMARKS = {
    "checks": checks.BENCHMARK,
    "alone": alone.BENCHMARK,
    "service": service.BENCHMARK,
    "sessions": sessions.BENCHMARK,
    "hosts": hosts.BENCHMARK,
    "large": large.BENCHMARK,
    "tracer": tracer.BENCHMARK,
    "hundred": hundred.BENCHMARK,
    "localmode": localmode.BENCHMARK,
}

ONLY_WHERE_NAMED = {"hundred", "localmode"}


def main() -> None:
    """Print a table for each, which bounds held, and what differs from the last time."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, and print tables.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all but hundred and localmode by default"
    )
    parser.add_argument("--turns", type=int, metavar="N", help="measure everything N times")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    rows: list[Row] = []
    for name in options.names or [each for each in BENCHMARKS if each not in ONLY_WHERE_NAMED]:
        benchmark = BENCHMARKS[name]
        turns = options.turns or benchmark.turns
        print(benchmark.header(turns))
        for row in benchmark.measure(turns):
            print(row, flush=True)
            rows.append(row)
        print(flush=True)
    day, before = results.last()
    print(closing(rows))
    for line in results.differences(rows, day, before):
        print(line)
    print(f"kept in {results.keep(rows, str(engine.connect()))}")


if __name__ == "__main__":
    main()
