"""What an AWS for one run of a job is to be, as it is handed to the process that makes it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

AWAITED = "/.conformance"
"""The path that is answered before the program begins, and is no call."""

CALLS = "calls"
"""The file in the run's directory in which the calls are written down."""

READY, ENDED, GONE = b"ready\n", b"ended\n", b"gone\n"
"""What the process answers: it has made what an order says, it has ended that, or that had ended by itself."""

END = b"end "
"""How the line begins that ends the AWS in a directory."""


@dataclass(frozen=True)
class Order:
    """An AWS for one run: `directory` takes a socket for each host, by its name, and the file of the calls.

    `credentials` are the paths at which each host finds those of its role. `tree` is the directory `bucket/key` that S3
    holds, empty for none. `throttles` has the first call turned away.
    """

    directory: str
    credentials: dict[str, str]
    region: str
    role_arn: str
    tree: str = ""
    throttles: bool = False

    def encoded(self) -> bytes:
        """As one line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def decoded(cls, line: bytes) -> Order:
        """From such a line."""
        return cls(**json.loads(line))

    def socket(self, host: str) -> str:
        """The path of a host's socket."""
        return f"{self.directory}/{host}"

    @property
    def calls(self) -> str:
        """The path of the file of its calls."""
        return f"{self.directory}/{CALLS}"
