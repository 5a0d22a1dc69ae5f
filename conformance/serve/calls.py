"""Calls of this program's own to the AWS that it serves, as a client makes them, but within the process."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import Client

from conformance.aws.application import Application
from conformance.aws.credentials import NOBODYS_KEY, signed


class Refused(Exception):  # noqa: N818 - it is no error where a thing is there already
    """What was asked for was refused; `code` is that of the answer, such as `ResourceAlreadyExistsException`."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the code apart."""
        super().__init__(message)
        self.code = code


class Calls:
    """Calls one operation after the other; from any thread."""

    def __init__(self, application: Application) -> None:
        """Call what this application serves."""
        self.client = Client(application)

    def json(self, service: str, target: str, region: str, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
        """Call an operation of a service whose protocol is AWS JSON 1.1, such as `Logs_20140328.PutLogEvents`.

        Raises:
            Refused: it answers with an error.
        """
        headers = {**signed(NOBODYS_KEY, region, service), "X-Amz-Target": target}
        answer = self.client.post(
            "/", data=json.dumps(members), headers=headers, content_type="application/x-amz-json-1.1"
        )
        document: dict[str, Any] = json.loads(answer.get_data() or b"{}")
        if answer.status_code >= 300:  # noqa: PLR2004 - HTTP
            # Clients take either form of this member, and moto has both.
            message = document.get("message") or document.get("Message", "")
            raise Refused(str(document.get("__type", "")).rpartition("#")[2], str(message))
        return document

    def query(self, service: str, region: str, **form: str) -> str:
        """Call an operation of a service of the query protocol, and return the XML of its answer.

        Raises:
            Refused: it answers with an error.
        """
        answer = self.client.post("/", data=form, headers=signed(NOBODYS_KEY, region, service))
        text = answer.get_data(as_text=True)
        if answer.status_code >= 300:  # noqa: PLR2004 - HTTP
            raise Refused(text.partition("<Code>")[2].partition("</Code>")[0], text)
        return text
