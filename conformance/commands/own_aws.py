"""The AWS that the job of `run` reaches: a moto of its own, of which what the job put into S3 is kept."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from conformance.aws.application import Application
from conformance.aws.within import AwsWithin
from conformance.errors import UploadError
from conformance.job.objects import Objects, S3Uri
from conformance.outcome.calls import Calls
from conformance.serve.calls import Calls as Asking
from conformance.serve.objects import ServedObjects


class OwnAws:
    """`provider` is what a service takes; `kept` makes files of what was put."""

    def __init__(self, region: str) -> None:
        """Hold nothing yet."""
        application = Application()
        self.provider = AwsWithin(application)
        self._objects = ServedObjects(Asking(application), region)

    def kept(self, calls: Calls, target: Objects) -> Iterator[str]:
        """Put each object of the job's own into `target`, and say line by line what it called."""
        for call, count in Counter(f"{call.service}:{call.operation} {call.status}" for call in calls.of_aws).items():
            yield f"AWS: {call}{f', {count} times' if count > 1 else ''}"
        yield from (f"AWS: {refusal}" for refusal in calls.refused)
        put = 0
        for uri in sorted({call.written for call in calls.calls if call.written}):
            try:
                put += self._keep(S3Uri.parse(uri), target)
            except UploadError as error:
                yield error.message
        if put:
            yield f"AWS: the job put {put} object{'' if put == 1 else 's'} into S3 by itself, kept beside its outputs"

    def _keep(self, uri: S3Uri, target: Objects) -> bool:
        """False where it is not there any more."""
        content = self._objects.get(uri)
        if content is None:
            return False
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            target.put(uri, Path(file.name))
        return True
