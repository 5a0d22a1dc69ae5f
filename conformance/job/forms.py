"""What people give where the JSON of a `CreateProcessingJob` request is expected: each form, and what to do with it.

Only the answers are here: nothing is converted, since the suite runs the request that its user sends to AWS.
"""

from __future__ import annotations

import ast
import codecs
import json
import re
from typing import Any

INIT_FROM = "`pytest --image-init-from=FILE` writes the request"

DESCRIBED = frozenset({"ProcessingJobArn", "ProcessingJobStatus", "CreationTime", "LastModifiedTime"})
"""Members that a DescribeProcessingJob answer has and a request has not; each answer has all of them."""

OF_DOCUMENTS: tuple[tuple[frozenset[str], str], ...] = (
    (
        frozenset({"ProcessingJobArn", "ProcessingJobStatus"}),
        f"this is the answer of DescribeProcessingJob; {INIT_FROM} of it",
    ),
    (
        frozenset({"ProcessingJobArn"}),
        "this is the answer of CreateProcessingJob; pass the request that was sent",
    ),
    (
        frozenset({"ProcessingJobSummaries"}),
        f"this is the answer of ListProcessingJobs; describe one of the jobs, then {INIT_FROM} of that answer",
    ),
    (
        frozenset({"Type", "Arguments"}),
        f"this is a step of a SageMaker Pipelines definition; {INIT_FROM} of each Processing step of a definition",
    ),
    (
        frozenset({"Version", "Steps"}),
        f"this is a SageMaker Pipelines definition; {INIT_FROM} of each Processing step",
    ),
    (
        frozenset({"PipelineDefinition"}),
        f"this is the answer of DescribePipeline; {INIT_FROM} of each Processing step",
    ),
    (
        frozenset({"Resource", "Parameters"}),
        "this is a task of Step Functions; the request is its member Parameters",
    ),
    (
        frozenset({"StartAt", "States"}),
        "this is a state machine of Step Functions; the request is the member Parameters of one of its tasks",
    ),
    (
        frozenset({"TrainingJobName"}),
        "this is a training job; only Processing jobs can be checked",
    ),
    (
        frozenset({"TransformJobName"}),
        "this is a transform job; only Processing jobs can be checked",
    ),
)
"""Members by which a JSON object is recognised, the most telling first, and what is said of it."""

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

ARCHIVES = {b"\x1f\x8b": "a gzip archive", b"PK\x03\x04": "a zip archive", b"\x7fELF": "a program"}

JSON = re.compile(r"(?:\s*(?:#|//)[^\n]*\n)*\s*[{\[]")
"""The beginning of JSON, perhaps behind comments."""

KEY_OF_YAML = re.compile(r"(?:---|- |%YAML|[A-Za-z_]\w*:(?:\s|$))")
PYTHON = re.compile(r"(?:from \w[\w.]* import |import \w|def \w|class \w|@\w|if __name__)", re.MULTILINE)
COMMAND = re.compile(r"#!|aws\s+(?:\S+\s+)*sagemaker\s")


def of_name(name: str) -> str:
    """What is wrong with the name of a file, before anything is opened; empty if nothing is."""
    if not name.strip():
        return "expected a file, got an empty string; is a variable unset?"
    scheme, separator, rest = name.partition("://")
    if separator and scheme in {"file", "fileb"}:
        return f"expected a path, got {name!r}; leave out {scheme}://, as in {rest}"
    if separator:
        return f"expected the path of a local file, got {name!r}; copy it first, for example with `aws s3 cp`"
    if name.lstrip().startswith("{"):
        return "expected a path, got JSON itself; write it into a file"
    return ""


def of_bytes(content: bytes) -> str:
    """What the content of a file is that cannot be JSON in UTF-8; empty if it may be."""
    if not content.strip():
        return "the file is empty"
    if content.startswith(UTF_16):
        return "this is UTF-16, which PowerShell's `>` writes; save it as UTF-8"
    if content.startswith(codecs.BOM_UTF8):
        return "it starts with a byte order mark, which the AWS CLI rejects; save it as UTF-8 without one"
    if b"\0" in content:
        kind = next((kind for start, kind in ARCHIVES.items() if content.startswith(start)), "a binary file")
        return f"this is {kind}"
    return ""


def of_text(text: str, fault: json.JSONDecodeError) -> str:
    """What a text is that is not JSON; empty if it is not known."""
    if JSON.match(text):
        return _of_almost_json(text, fault) or (_IS_PYTHON if _is_python(text) else "")
    if COMMAND.match(text.lstrip()):
        return "this is a shell script; pass the file that it hands to --cli-input-json"
    if PYTHON.search(text):
        return (
            "this is a Python program; README.md shows how to capture the request that Processor.run sends, without AWS"
        )
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    if KEY_OF_YAML.match(next(lines, "")):
        return "this is YAML; convert it, for example with `yq -o=json job.yaml > job.json`"
    return ""


_IS_PYTHON = "this is a Python dictionary, as print() shows one; write it with json.dumps(request)"


def _of_almost_json(text: str, fault: json.JSONDecodeError) -> str:
    """JSON but for something that editors and other languages allow."""
    rest, before = text[fault.pos :].lstrip(), text[: fault.pos].rstrip()
    where = f"at line {fault.lineno}, column {fault.colno}"
    if rest.startswith(("//", "/*", "#")):
        return f"it has a comment {where}; JSON allows none"
    if (rest[:1] in {"}", "]"} and before.endswith(",")) or re.match(r",\s*[}\]]", rest):
        return f"it has a comma {where} with nothing after it; JSON allows none"
    if fault.msg == "Extra data":
        return f"it goes on after the end of the JSON {where}; expected a single object"
    return ""


def _is_python(text: str) -> bool:
    """Whether it is a literal of Python, such as a dictionary with single quotes and `datetime.datetime(...)`."""
    try:
        return isinstance(ast.parse(text.strip(), mode="eval").body, ast.Dict | ast.List)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def of_document(document: dict[str, Any]) -> str:
    """What a JSON object is that is not a request; empty if it may be one."""
    if "AppSpecification" in document and not DESCRIBED & document.keys():
        return ""
    return next((said for members, said in OF_DOCUMENTS if members <= document.keys()), "")
