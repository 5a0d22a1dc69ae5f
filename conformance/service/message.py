"""`ExitMessage`: what the files `/opt/ml/output/message` of all hosts become.

Source: the developer guide, "How Amazon SageMaker Processing Configures Your Processing Container" and
`DescribeProcessingJob`: UTF-8 text, the messages of several containers joined, then cut to 1 KB; text that is not
UTF-8 fails the job. Joined in the order of the hosts without a separator, cut in bytes, on a character: inferred.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.outcome.outcome import MESSAGE_LIMIT_BYTES, MESSAGE_PATH, Host


def fault(hosts: Sequence[Host]) -> str:
    """What is wrong with the first message that is not UTF-8, with the name of its host; empty if all are."""
    for host in hosts:
        if found := host.message_fault:
            return f"{MESSAGE_PATH} of {host.name} is not UTF-8: {found.reason} at byte {found.position}"
    return ""


def exit_message(messages: Sequence[bytes]) -> str | None:
    """Join the messages of the hosts and cut the result; None if there is no message.

    Raises:
        UnicodeDecodeError: a message is not UTF-8, which fails the job.
    """
    if not messages:
        return None
    # Each is decoded by itself: two halves of a character on two hosts are not UTF-8 text of either.
    joined = "".join(message.decode("utf-8") for message in messages)
    return cut(joined)


def cut(text: str) -> str:
    """The longest beginning of a text that fits in 1 KB of UTF-8."""
    return text.encode("utf-8")[:MESSAGE_LIMIT_BYTES].decode("utf-8", "ignore")
