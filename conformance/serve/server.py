"""The server: an address of this machine alone, and all that it takes to answer there."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from conformance.aws.application import Application
from conformance.aws.credentials import assume_role
from conformance.aws.order import Given
from conformance.aws.within import AwsWithin
from conformance.errors import UsageError
from conformance.serve.calls import Calls, Refused
from conformance.serve.execution import Doing
from conformance.serve.executions import Executions
from conformance.serve.front import Front
from conformance.serve.jobs import ACCOUNT, Jobs
from conformance.serve.operations import Operations
from conformance.serve.pipelines import Pipelines
from conformance.serve.processing import Processing
from conformance.serve.runner import Runner
from conformance.serve.tunnel import Authority, Handler
from conformance.service.engine import Engine

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

ADDRESS = "127.0.0.1"
"""Whoever reaches this server can run any image with any command."""

REGION = "us-east-1"

ROLE = "processing-conformance"

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
"""Who may take the role: SageMaker, which `get_execution_role` of the SDKs looks for."""

BACKLOG = 128


@dataclass(frozen=True)
class Options:
    """What the command line says, and how often hosts are measured, which on AWS is every minute.

    `network` is that of the containers to the outside, if any. With `aws` they reach what clients reach.
    """

    port: int = 0
    most_jobs: int = 4
    grace_seconds: float = 10.0
    pull: bool = False
    network: str = ""
    aws: bool = False
    measure_seconds: float = 10.0
    say: Callable[[str], None] = field(default=lambda _: None)


class Server:
    """A running server, from the moment that it is made until `close`."""

    def __init__(self, engine: Engine, options: Options) -> None:
        """Begin to serve.

        Raises:
            UsageError: the port is taken.
        """
        application = Application()
        calls = Calls(application)
        with contextlib.ExitStack() as undoing:
            self._socket = undoing.enter_context(_bound(options.port))
            self.runner = Runner(
                engine,
                calls,
                most_jobs=options.most_jobs,
                grace_seconds=options.grace_seconds,
                pull=options.pull,
                network=options.network,
                measure_seconds=options.measure_seconds,
                say=options.say,
                aws=AwsWithin(application) if options.aws else None,
            )
            undoing.callback(self.runner.close)
            self._authority = Authority()
            undoing.callback(self._authority.close)
            self.jobs = Jobs()
            processing = Processing(self.jobs, self.runner.begin, self.runner.stopped)
            self.executions = Executions()
            pipelines = Pipelines(calls, self.executions, Doing(processing.create, processing.stop, options.say))
            operations = Operations(processing.by_name, pipelines.by_name)
            front = Front(application, operations, region=REGION)
            self.environment = self._prepared(application, calls)
            self._server: BaseWSGIServer = make_server(
                ADDRESS, 0, front, threaded=True, request_handler=Handler.of(self._authority), fd=self._socket.fileno()
            )
            undoing.pop_all()
        self._thread = threading.Thread(target=self._server.serve_forever, name="server", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{ADDRESS}:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        """End all jobs, then the server: until then clients can see how their jobs end."""
        self.executions.stop()
        self.runner.close()
        self.executions.join()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._socket.close()
        self._authority.close()

    def _prepared(self, application: Application, calls: Calls) -> Mapping[str, str]:
        """The variables by which clients find the server, as a role that SageMaker may take.

        Of a proxy's variables, clients heed either form.
        """
        arn = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
        form = {"RoleName": ROLE, "AssumeRolePolicyDocument": json.dumps(TRUST)}
        try:
            calls.query("iam", REGION, Action="CreateRole", Version="2010-05-08", **form)
        except Refused as refused:
            # What moto holds, it holds for the whole process.
            if refused.code != "EntityAlreadyExists":
                raise
        credentials = assume_role(application, arn, REGION).document(Given.fresh())
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["Token"],
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CA_BUNDLE": str(self._authority.bundle),
            **dict.fromkeys(("HTTPS_PROXY", "https_proxy"), self.url),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), f"{ADDRESS},localhost"),
        }


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((ADDRESS, port))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise UsageError(f"--port: {ADDRESS}:{port} cannot be used: {error.strerror}") from error
    return bound
