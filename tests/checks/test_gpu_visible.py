"""Chapter `gpu`: whether the image's own loader finds CUDA's driver."""

import pytest

from conformance.outcome.gpu import Gpus, Look, Means
from conformance.verdict.verdict import Verdict, Word
from tests.support.looks import LIBRARY, LOADED, NOT_FOUND, answers, look, looked, with_gpus
from tests.support.outcomes import file, host, image, judged, not_started, outcome

CHECK = "gpu.visible"


def of(seen: Look | None) -> Verdict:
    """The verdict on this look, with a GPU that the engine gave."""
    return judged(CHECK, image(), looked(seen))


def test_a_driver_that_answers_conforms() -> None:
    """By whichever means the engine gave it."""
    real = (Means.REQUEST, Means.RUNTIME, Means.CDI)

    assert [Word.CONFORMS] * 3 == [judged(CHECK, image(), looked(look(), means=means)).word for means in real]


def test_a_simulated_driver_that_answers_is_not_judged() -> None:
    """It shows nothing of CUDA, and says so."""
    verdict = judged(CHECK, image(), looked(look(), means=Means.SIMULATION))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert (
        "the GPU is simulated: libcuda.so.1 is found and responds, which does not show that CUDA works"
        == verdict.reason
    )


def test_an_engine_without_a_gpu_judges_nothing() -> None:
    """The reason is the engine's."""
    verdict = judged(CHECK, image(), looked(None, means=Means.NONE, lack="no GPU on this engine: none"))

    assert (Word.NOT_JUDGED, "no GPU on this engine: none") == (verdict.word, verdict.reason)


def test_a_copy_in_the_image_that_cannot_be_loaded_violates() -> None:
    """The sentence has what the loader said."""
    said = "/.conformance/look: error while loading shared libraries: /opt/driver/libcuda.so.1: file too short"
    verdict = of(look(status=127, output=f"{said}\n"))

    assert Word.VIOLATES == verdict.word
    assert (
        f"Expected the image's loader to load the host's libcuda.so.1, but it said {said!r}.",
    ) == verdict.violations


def test_a_copy_in_the_image_that_is_simulated_away_violates() -> None:
    """What comes before the host's driver would come before a real one too."""
    seen = look(status=127, output="no\n", mounted=())

    assert Word.VIOLATES == judged(CHECK, image(), looked(seen, means=Means.SIMULATION)).word


def test_a_driver_of_the_image_that_does_not_work_violates() -> None:
    """As one does that is older than the kernel's part of it."""
    shadow = "/opt/driver/libcuda.so.1"
    seen = look(status=1, output=answers(library=shadow, cuInit="803"))
    verdict = judged(CHECK, image(file(shadow, size=1)), looked(seen))

    assert Word.VIOLATES == verdict.word
    said = f"it loaded {shadow} of the image, where cuInit returned 803"
    assert (f"Expected the image's loader to load the host's libcuda.so.1, but {said}.",) == verdict.violations


def test_a_driver_of_the_image_that_works_conforms() -> None:
    """Libraries for forward compatibility are taken on purpose."""
    compat = "/usr/local/cuda/compat/libcuda.so.1"

    assert Word.CONFORMS == judged(CHECK, image(file(compat)), looked(look(output=answers(library=compat)))).word


@pytest.mark.parametrize("residue", [(), (file(LOADED, size=0),)], ids=["mounted", "mounted over an empty file"])
def test_trouble_of_the_hosts_own_driver_is_not_judged(residue: tuple) -> None:  # type: ignore[type-arg] # of files
    """It is not the image's."""
    verdict = judged(CHECK, image(*residue), looked(look(status=1, output=answers(cuInit="999"))))

    assert (Word.NOT_JUDGED, "the CUDA driver of this engine does not work: cuInit returned 999") == (
        verdict.word,
        verdict.reason,
    )


def test_a_driver_without_a_device_is_not_judged() -> None:
    """The last line says why."""
    verdict = of(look(status=1, output=answers(count="0")))

    assert "the CUDA driver of this engine does not work: the last line was 'count 0'" == verdict.reason


def test_a_driver_that_was_left_out_violates() -> None:
    """Where the image asks for other parts of the driver alone."""
    seen = look(status=127, output=NOT_FOUND, variables={"NVIDIA_DRIVER_CAPABILITIES": "utility,video"}, mounted=())
    verdict = of(seen)

    assert (
        "Expected the driver's libcuda.so.1 in the container, but NVIDIA_DRIVER_CAPABILITIES is 'utility,video'.",
    ) == verdict.violations


@pytest.mark.parametrize("said", ["compute", "all", "utility, compute", ""])
def test_a_driver_that_the_engine_did_not_bring_is_not_judged(said: str) -> None:
    """Where nothing of the image left it out."""
    seen = look(status=127, output=NOT_FOUND, variables={"NVIDIA_DRIVER_CAPABILITIES": said}, mounted=())
    verdict = of(seen)

    assert (Word.NOT_JUDGED, f"the engine mounted no libcuda.so.1: {NOT_FOUND!r}") == (verdict.word, verdict.reason)


def test_a_driver_that_is_mounted_and_not_found_violates() -> None:
    """The image's loader looks elsewhere."""
    verdict = of(look(status=127, output=NOT_FOUND, mounted=("/usr/lib64/libcuda.so.1",)))

    assert Word.VIOLATES == verdict.word


def test_an_image_without_glibc_is_not_judged() -> None:
    """NVIDIA has no driver for another C library."""
    verdict = of(look(status=127, output="", error="No such file or directory"))

    assert (
        "NVIDIA's driver needs glibc, whose loader cannot be run in the image: No such file or directory"
        == verdict.reason
    )


def test_a_driver_that_does_not_answer_is_not_judged() -> None:
    """It may be the host's trouble."""
    verdict = of(look(status=None, output=f"library {LIBRARY}\n"))

    assert f"the CUDA driver did not respond in time; the last line was 'library {LIBRARY}'" == verdict.reason
    assert (
        "the CUDA driver did not respond in time; the last line was 'nothing'"
        == of(look(status=None, output="")).reason
    )


def test_a_request_that_hides_its_gpu_is_not_judged() -> None:
    """The user's own variable is not the image's."""
    verdict = judged(CHECK, image(), looked(look(devices=()), NVIDIA_VISIBLE_DEVICES="void"))

    assert "no GPU in the container: the request sets NVIDIA_VISIBLE_DEVICES to 'void'" == verdict.reason


def test_nodes_of_the_driver_alone_are_no_gpu() -> None:
    """A container may have those that all GPUs share."""
    assert "the engine has a GPU, but the container got none" == of(look(devices=["/dev/nvidiactl"])).reason


def test_the_device_of_windows_is_a_gpu() -> None:
    """All of them are one there."""
    assert Word.CONFORMS == of(look(devices=["/dev/dxg"])).word


def test_a_look_that_broke_off_is_not_judged() -> None:
    """As is a container that did not start."""
    refused = with_gpus(outcome(not_started("no such user")), Gpus(wanted=True, means=Means.REQUEST))

    assert "the GPU inspection did not finish" == of(None).reason
    assert "launch.default-command" == judged(CHECK, image(), refused).see


ZERO = "exit.zero-on-success"


@pytest.mark.parametrize(
    ("gpus", "reason"),
    [
        (Gpus(wanted=True, lack="no GPU on this engine: x"), "no GPU on this engine: x"),
        (Gpus(wanted=True, means=Means.SIMULATION), "the GPU is simulated and cannot run CUDA code"),
    ],
)
def test_a_job_that_fails_without_its_gpu_is_not_judged(gpus: Gpus, reason: str) -> None:
    """It may do well on its own instance."""
    verdict = judged(ZERO, image(), with_gpus(outcome(host(exit_code=1, stderr="no CUDA device\n")), gpus))

    assert (Word.NOT_JUDGED, f"the job failed, and {reason}") == (verdict.word, verdict.reason)


@pytest.mark.parametrize("gpus", [Gpus(), Gpus(wanted=True, means=Means.REQUEST)])
def test_a_job_that_fails_with_what_it_asked_for_violates(gpus: Gpus) -> None:
    """With its GPU, or where it asked for none."""
    assert Word.VIOLATES == judged(ZERO, image(), with_gpus(outcome(host(exit_code=1)), gpus)).word


def test_a_command_that_does_not_start_violates_without_a_gpu() -> None:
    """No GPU would help it."""
    gpus = Gpus(wanted=True, lack="none")
    made = outcome(not_started('exec: "/none": no such file'), of=None)

    assert Word.NOT_JUDGED == judged(ZERO, image(), with_gpus(made, gpus)).word
    assert "launch.default-command" == judged(ZERO, image(), with_gpus(made, gpus)).see
