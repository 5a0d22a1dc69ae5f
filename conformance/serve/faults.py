"""The errors that the Processing operations answer with: their codes and texts, and how sure each of them is.

Clients decide by the code, and some by words of the text. What the API model says of errors differs from what users
report, as of an unknown job: then it is as reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Basis(StrEnum):
    """Where code and text of an error are from."""

    DOCUMENTED = "documented"
    """The API reference or its model has them."""
    REPORTED = "reported"
    """Users quote them."""
    INFERRED = "inferred"
    """Neither; as other operations of SageMaker have them."""


class Fault(Exception):  # noqa: N818 - what AWS calls an error is its code
    """What an operation refuses a request with."""

    def __init__(self, code: str, message: str, basis: Basis) -> None:
        """Keep what the client gets, and where it is from."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.basis = basis


def name_in_use(arn: str) -> Fault:
    """A job of this name exists in the region."""
    text = f"Job name must be unique within an AWS account and region, and a job with this name already exists ({arn})"
    return Fault("ResourceInUse", text, Basis.REPORTED)


def not_found(name: str) -> Fault:
    """No such job can be described; the API model has ResourceNotFound."""
    return Fault("ValidationException", f"Could not find requested job with name: {name}", Basis.REPORTED)


def not_found_to_update(name: str) -> Fault:
    """No such job can be stopped or deleted; the beginning is reported of training jobs."""
    return Fault("ValidationException", f"Could not find job to update with name: {name}", Basis.REPORTED)


def has_ended(status: str) -> Fault:
    """A job that has ended cannot be stopped; as of training jobs."""
    text = f"The request was rejected because the processing job is in status {status}"
    return Fault("ValidationException", text, Basis.INFERRED)


def still_active(name: str, status: str) -> Fault:
    """A job cannot be deleted while it runs; the code is that of the API model, the text is not."""
    text = f"The processing job {name} cannot be deleted because it is in status {status}"
    return Fault("ResourceInUse", text, Basis.INFERRED)


def invalid(faults: Sequence[str]) -> Fault:
    """A request breaks constraints of the API model, each fault in the words of `constraints.py`."""
    errors = f"{len(faults)} validation error{'' if len(faults) == 1 else 's'} detected"
    return Fault("ValidationException", f"{errors}: {'; '.join(faults)}", Basis.REPORTED)


def unacceptable(faults: Sequence[str]) -> Fault:
    """A request breaks a rule that the API model does not have, or asks for what cannot be run here."""
    return Fault("ValidationException", "; ".join(faults), Basis.INFERRED)


def unreadable(what: str) -> Fault:
    """A request that is not JSON, or of a wrong type (AWS JSON 1.1 protocol, SerializationException)."""
    return Fault("SerializationException", what, Basis.INFERRED)


def unknown_resource(arn: str) -> Fault:
    """Nothing to tag has this ARN."""
    return Fault("ValidationException", f"Could not find resource {arn}", Basis.INFERRED)


def too_many_tags() -> Fault:
    """A resource has at most 50 tags (AWS general reference, "Tag naming limits and requirements")."""
    return Fault("ResourceLimitExceeded", "The resource has more than the maximum of 50 tags", Basis.INFERRED)


def invalid_token() -> Fault:
    """A NextToken that none of these answers had."""
    return Fault("ValidationException", "Invalid NextToken", Basis.INFERRED)


def no_pipeline(arn: str) -> Fault:
    """No such pipeline; the code is that of the API model, the text is not."""
    return Fault("ResourceNotFound", f"Pipeline '{arn}' does not exist.", Basis.INFERRED)


def no_execution(arn: str) -> Fault:
    """No such execution; the code is that of the API model, the text is not."""
    return Fault("ResourceNotFound", f"Pipeline execution '{arn}' does not exist.", Basis.INFERRED)


def executes_still(arn: str) -> Fault:
    """A pipeline that is executed cannot be deleted (API reference, DeletePipeline); the text is inferred."""
    text = f"Pipeline '{arn}' cannot be deleted while it has running executions; stop them by StopPipelineExecution."
    return Fault("ConflictException", text, Basis.INFERRED)


def execution_has_ended(arn: str, status: str) -> Fault:
    """An execution that has ended cannot be stopped."""
    text = f"The request was rejected because the pipeline execution '{arn}' is in status {status}"
    return Fault("ValidationException", text, Basis.INFERRED)


def invalid_definition(reason: str) -> Fault:
    """A pipeline's definition cannot be executed; the first sentence is reported, what follows is not AWS's."""
    return Fault("ValidationException", f"Unable to parse pipeline definition. {reason}", Basis.REPORTED)


def invalid_parameters(reason: str) -> Fault:
    """A parameter of a pipeline has no value, or none that it can have."""
    return Fault("ValidationException", f"Invalid pipeline parameters: {reason}", Basis.INFERRED)


def empty_parameter() -> Fault:
    """An empty string as the value of a pipeline's parameter."""
    text = '[string "" is too short (length: 0, required minimum: 1)]'
    return Fault("ValidationException", text, Basis.REPORTED)


def not_served(members: Sequence[str]) -> Fault:
    """Members of a request that AWS would heed, and which are refused here rather than ignored; not AWS's."""
    return Fault("ValidationException", f"not supported locally: {', '.join(members)}", Basis.INFERRED)


def passed_on(code: str, message: str) -> Fault:
    """What moto refused a request with."""
    return Fault(code, message, Basis.INFERRED)
