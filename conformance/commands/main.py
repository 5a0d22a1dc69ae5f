"""The command line of `processing-conformance`."""

from __future__ import annotations

import argparse
import importlib
import io
import sys
from collections.abc import Sequence
from typing import NoReturn

from conformance import __version__, text
from conformance.commands import rendered
from conformance.commands.exits import ExitStatus
from conformance.errors import ConformanceError, JobError, UsageError
from conformance.service.settings import Settings


class Parser(argparse.ArgumentParser):
    """Says in one line what was expected."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print below its usage."""
        raise UsageError(message, hint=f"{self.prog} --help lists the options")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status; what is wrong is one line on stderr, or a list below one."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What the locale has no letter for is shown as an escape.
            stream.reconfigure(errors="backslashreplace")
    try:
        chosen = _parser().parse_args(arguments)
        # What a command needs is imported where it is run, so that --help and usage errors take no time.
        module = importlib.import_module(f"conformance.commands.{chosen.command}")
        status: int = getattr(module, chosen.command)(chosen)
    except ConformanceError as error:
        sys.stderr.write(text.lines(f"processing-conformance: {error}") + "\n")
        return ExitStatus.ERROR if isinstance(error, JobError) else ExitStatus.USAGE
    except KeyboardInterrupt:
        # Before there was a job to stop.
        sys.stderr.write("processing-conformance: interrupted\n")
        return ExitStatus.STOPPED
    return status


def _parser() -> Parser:
    parser = Parser(prog="processing-conformance", description=__doc__, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    run = commands.add_parser(
        "run",
        help="run one job as Amazon SageMaker Processing would",
        description="Run one job as Amazon SageMaker Processing would, without judging the image.",
        epilog="Exit status: 0 Completed, 1 Failed, 3 Stopped, 4 usage, 6 the job could not be run.",
        allow_abbrev=False,
    )
    run.add_argument(
        "--image", required=True, metavar="URI", help="a reference or a local image id; pulled if it is missing"
    )
    run.add_argument("--job", required=True, metavar="FILE", help="the CreateProcessingJob request (JSON)")
    run.add_argument("--s3", metavar="DIR", help="the contents of S3, as files DIR/bucket/key")
    run.add_argument(
        "--output", metavar="DIR", help="where outputs go, as files DIR/bucket/key (default: that of --s3)"
    )
    _add_shared(run)
    serve = commands.add_parser(
        "serve",
        help="serve a Processing API on this machine",
        description="Serve SageMaker Processing on 127.0.0.1 for clients of AWS, with S3, CloudWatch and IAM by moto.",
        allow_abbrev=False,
    )
    serve.add_argument("--port", type=int, default=0, help="0 (default) is any free one")
    serve.add_argument(
        "--max-jobs", type=int, default=4, metavar="N", help="how many jobs run at a time (default: %(default)s)"
    )
    serve.add_argument("--pull", action="store_true", help="pull images that the engine lacks")
    serve.add_argument(
        "--print-env", action="store_true", help='close stdout after the variables, as for eval "$(... --print-env &)"'
    )
    _add_shared(serve)
    render = commands.add_parser(
        "render",
        help="write other reports from a report.json",
        description="Write other reports from the report.json of a session, beside it.",
        allow_abbrev=False,
    )
    render.add_argument("report", metavar="REPORT", help="the report.json")
    for each in rendered.ALL:
        render.add_argument(f"--{each.option}", action="store_true", help=f"{each.file}: {each.said}")
    render.add_argument(
        "--dockerfile", metavar="FILE", help="that of the image: SARIF and code quality point to its lines"
    )
    render.add_argument("--output", metavar="DIR", help="where the files go (default: beside REPORT)")
    _add_calibrate(
        commands.add_parser(
            "calibrate",
            help="write down what a platform really does",
            description="Run two jobs of an image that writes down what it finds, and compare that with what the "
            "suite chose where AWS documents nothing.",
            allow_abbrev=False,
        )
    )
    validate = commands.add_parser(
        "validate",
        help="say what is wrong with requests, waivers and profiles",
        description="Say what is wrong with files that a session reads: CreateProcessingJob requests (JSON), and "
        "waivers or profiles (.toml). Needs neither an engine nor an image.",
        epilog="Exit status: 0 all are valid, 4 one is not.",
        allow_abbrev=False,
    )
    validate.add_argument("files", nargs="+", metavar="FILE", help="a request, waivers or a profile")
    validate.add_argument("--s3", metavar="DIR", help="the contents of S3: requests must find their inputs there")
    merge = commands.add_parser(
        "merge",
        help="make one overview of sessions that ran on many machines",
        description="Make one overview of the reports of `pytest --image`, as of a CI matrix.",
        epilog="Exit status: 0 all passed, 1 something violates, 2 one was interrupted, 3 one had an internal error, "
        "4 one was not run or usage, 6 one is incomplete or missing.",
        allow_abbrev=False,
    )
    merge.add_argument("directories", nargs="+", metavar="DIR", help="where reports are, at any depth")
    merge.add_argument("--images-from", metavar="FILE", help="images that have to be there, one a line")
    merge.add_argument(
        "--output",
        default="conformance-overview",
        metavar="DIR",
        help="where overview.json, overview.html and junit.xml go (default: %(default)s)",
    )
    _add_certificate(commands)
    return parser


def _add_certificate(commands: argparse._SubParsersAction[Parser]) -> None:
    verify = commands.add_parser(
        "verify",
        help="verify the certificate of an image",
        description="Verify a bundle that `pytest --image-certify` wrote: all its checks judge the recorded outcomes "
        "again.",
        epilog="Exit status: 0 verified, 1 rejected, 4 usage, 6 the image could not be checked again.",
        allow_abbrev=False,
    )
    verify.add_argument("bundle", metavar="BUNDLE", help="certificate.tar.gz, or a directory with what is in it")
    verify.add_argument("--image", metavar="REF", help="the image that has to be the certified one, by its digest")
    verify.add_argument("--again", action="store_true", help="check the image anew, and compare each verdict")
    verify.add_argument("--s3", metavar="DIR", help="with --again, the inputs of its jobs, as files DIR/bucket/key")
    verify.add_argument("--report", metavar="DIR", help="with --again, where the new reports go (default: nowhere)")
    badge = commands.add_parser(
        "badge",
        help="make a badge of a certificate",
        description="Verify a bundle, write a badge (SVG) and print the line of Markdown that shows it.",
        epilog="Exit status: 0 written, 1 the bundle is rejected, 4 usage.",
        allow_abbrev=False,
    )
    badge.add_argument("bundle", metavar="BUNDLE", help="as for verify")
    badge.add_argument("--output", default="conformance.svg", metavar="FILE", help="default: %(default)s")


def _add_calibrate(parser: Parser) -> None:
    parser.add_argument(
        "--image", required=True, metavar="URI", help="the image of images/calibration, pushed to Amazon ECR for AWS"
    )
    parser.add_argument("--service", choices=("local", "aws"), default="local", help="where (default: %(default)s)")
    parser.add_argument("--hosts", type=int, default=2, metavar="COUNT", help="InstanceCount (default: %(default)s)")
    parser.add_argument("--output", default="calibration.json", metavar="FILE", help="default: %(default)s")
    parser.add_argument("--bucket", metavar="BUCKET[/PREFIX]", help="on AWS, where the objects are meanwhile")
    parser.add_argument("--role", metavar="ARN", help="on AWS, the role of the jobs")
    parser.add_argument(
        "--instance-type", default="ml.m5.large", metavar="TYPE", help="on AWS, InstanceType (default: %(default)s)"
    )
    parser.add_argument("--yes", action="store_true", help="on AWS, consent to what the jobs cost")


def _add_shared(parser: Parser) -> None:
    parser.add_argument(
        "--network",
        metavar="NAME",
        help="connect the containers to this Docker network, unless the request sets EnableNetworkIsolation",
    )
    parser.add_argument(
        "--aws",
        action="store_true",
        help="let the containers reach S3 and other services by moto, unless the request sets EnableNetworkIsolation",
    )
    parser.add_argument(
        "--grace",
        type=float,
        default=Settings.stop_grace_seconds,
        metavar="SECONDS",
        help="time between the stop signal and SIGKILL, which AWS does not document (default: %(default)g)",
    )
