"""Requests that the service takes and that are run locally, drawn within the limits of contract section 2."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

job_names = st.from_regex(r"[a-zA-Z0-9](-{0,2}[a-zA-Z0-9]){0,20}", fullmatch=True)
member_names = st.text("abcdefgh-_.", min_size=1, max_size=20)
# `.` of the model's patterns takes no line feed, and no program gets a NUL character.
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\0"), min_size=1, max_size=256)
values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=256)
environments = st.dictionaries(
    st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,20}", fullmatch=True),
    values,
    max_size=5,
)
uris = st.builds(
    "s3://{}/{}".format, st.from_regex(r"[a-z0-9.-]{3,20}", fullmatch=True), st.text("abc/-.é", max_size=20)
)
local_paths = st.builds(
    "/opt/ml/processing/{}".format, st.from_regex(r"[a-z]{1,6}(/[a-z0-9_.-]{0,3}[a-z])*/?", fullmatch=True)
)
keys = st.from_regex(r"[a-zA-Z0-9:/_-]{0,40}", fullmatch=True)


def optional(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these members."""
    return st.fixed_dictionaries({}, optional=members)


def structure(required: dict[str, st.SearchStrategy[Any]], **others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """All of the required members and any of the others."""
    return st.fixed_dictionaries(required, optional=others)


inputs = structure(
    {
        "InputName": member_names,
        "S3Input": structure(
            {"S3Uri": uris, "S3DataType": st.just("S3Prefix"), "LocalPath": local_paths},
            S3InputMode=st.just("File"),
            S3DataDistributionType=st.just("FullyReplicated"),
            S3CompressionType=st.just("None"),
        ),
    },
    AppManaged=st.just(value=False),
)
outputs = structure(
    {
        "OutputName": member_names,
        "S3Output": st.fixed_dictionaries(
            {"S3Uri": uris, "LocalPath": local_paths, "S3UploadMode": st.just("EndOfJob")}
        ),
    },
    AppManaged=st.just(value=False),
)


def _input_keys() -> tuple[Any, ...]:
    return (lambda item: item["InputName"], lambda item: item["S3Input"]["LocalPath"].rstrip("/"))


legal_requests = structure(
    {
        "ProcessingJobName": job_names,
        "AppSpecification": structure(
            {"ImageUri": words.map(lambda text: text[:255])},
            ContainerEntrypoint=st.lists(words, min_size=1, max_size=4),
            ContainerArguments=st.lists(words, min_size=1, max_size=4),
        ),
        "ProcessingResources": st.fixed_dictionaries(
            {
                "ClusterConfig": structure(
                    {
                        "VolumeSizeInGB": st.integers(1, 16384),
                        "InstanceType": st.sampled_from(["ml.m5.xlarge", "ml.t3.medium", "ml.p3.2xlarge"]),
                    },
                    InstanceCount=st.just(1),
                    VolumeKmsKeyId=keys,
                )
            }
        ),
        "RoleArn": st.builds(
            "arn:{}:iam::{}:role/{}".format,
            st.sampled_from(["aws", "aws-cn", "aws-us-gov"]),
            st.from_regex(r"[0-9]{12}", fullmatch=True),
            st.from_regex(r"[a-zA-Z0-9+=,.@_/-]{1,20}", fullmatch=True),
        ),
    },
    ProcessingInputs=st.lists(inputs, max_size=10, unique_by=_input_keys()),
    ProcessingOutputConfig=structure(
        {"Outputs": st.lists(outputs, max_size=10, unique_by=lambda item: item["OutputName"])}, KmsKeyId=keys
    ),
    Environment=environments,
    StoppingCondition=st.fixed_dictionaries({"MaxRuntimeInSeconds": st.integers(1, 777_600)}),
    NetworkConfig=optional(EnableNetworkIsolation=st.booleans(), EnableInterContainerTrafficEncryption=st.booleans()),
    Tags=st.lists(
        st.fixed_dictionaries({"Key": st.text("aéß京 1_.:/=+-@", min_size=1), "Value": st.text("aé 1")}), max_size=3
    ),
)
