"""The temporary credentials of a job's role, as a container gets them from its platform."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from werkzeug.test import Client

if TYPE_CHECKING:
    from conformance.aws.application import Application

SESSION = "SageMaker"
"""The name of the session in the ARN of the assumed role, as `sts:GetCallerIdentity` shows it in a job."""

NOBODYS_KEY = "AKIACONFORMANCE00000"


@dataclass(frozen=True)
class Credentials:
    """What the container credentials endpoint answers (AWS SDKs guide, "Container credential provider")."""

    role_arn: str
    access_key: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    expiration: str

    def document(self) -> Mapping[str, str]:
        """The members of the answer."""
        return {
            "RoleArn": self.role_arn,
            "AccessKeyId": self.access_key,
            "SecretAccessKey": self.secret,
            "Token": self.token,
            "Expiration": self.expiration,
        }


def assume_role(application: Application, role_arn: str, region: str) -> Credentials:
    """Fresh credentials of a role, which moto knows from now on as those of its account."""
    form = {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": role_arn, "RoleSessionName": SESSION}
    answer = Client(application).post(
        "/", data=urlencode(form), headers=signed(NOBODYS_KEY, region, "sts"), content_type=_FORM
    )
    document = answer.get_data(as_text=True)
    found = dict(re.findall(r"<(\w+)>([^<]+)</", document))
    return Credentials(
        role_arn, found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], found["Expiration"]
    )


_FORM = "application/x-www-form-urlencoded"


def signed(access_key: str, region: str, service: str) -> dict[str, str]:
    """The header that says with which key a request is signed; moto looks at no signature."""
    scope = f"{access_key}/20200101/{region}/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}
