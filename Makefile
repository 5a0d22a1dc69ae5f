# `make` lists the targets. Everything a target needs is set up on the way.

.DEFAULT_GOAL := help

PYTHON ?= python3

# Without IMAGE it is the example that is judged, with the job and the data that belong to it.
ifndef IMAGE
override IMAGE := conformance/examples-sklearn
JOB ?= fixtures/sklearn/job.json
S3 ?= fixtures/sklearn/s3
conformance: example
endif

# What the user types reaches the shell through its environment and never through its syntax;
# `value` keeps make itself from expanding it.
conformance: override export IMAGE := $(value IMAGE)
conformance: override export JOB := $(value JOB)
conformance: override export S3 := $(value S3)
steady: override export PART := $(value PART)
.venv/stamp: override export PYTHON := $(value PYTHON)

.PHONY: help setup conformance example images hostile probe lint check ready test table benchmark mutation steady clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

setup: .venv/stamp ## make the virtual environment and see to a Docker Engine
	@.venv/bin/python -m scripts.engine

conformance: setup ## judge the example, or IMAGE=<uri> with JOB=<job.json> and S3=<dir>
	@.venv/bin/pytest --image="$$IMAGE" $${JOB:+--image-job="$$JOB"} $${S3:+--image-s3="$$S3"}

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

benchmark: setup ## compare with other programs, and traced with untraced (downloads 12 MB)
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --editable '.[benchmark]'
	@.venv/bin/python -m benchmarks

hostile: setup ## judge very many files, and very large ones (takes minutes)
	@.venv/bin/python -m pytest tests/service/large_outputs.py tests/service/large_inputs.py

table: setup ## compare what is concluded from a stop with what is true, for 40 forms of ENTRYPOINT
	@.venv/bin/python -m tests.support.stop_table

mutation: .venv/stamp ## mutate the rules and list the mutants that no test notices (takes hours)
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --editable '.[mutation]'
	@.venv/bin/python -m scripts.mutation

steady: images ## judge each flawed and sound image six times, also on a busy machine (takes hours; PART=1/20)
	@.venv/bin/python -m tests.support.steadiness $$PART

probe: .venv/stamp ## build the probe from its source (downloads a compiler of 100 MB)
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --editable '.[probe]'
	@.venv/bin/python -m scripts.probe

clean: ## remove what the checkout made here; the engine keeps its images
	@rm -rf .venv .cache conformance-report dist .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Parts of the targets above.

.venv/stamp: pyproject.toml
	@scripts/environment.sh "$$PYTHON"

example: setup
	@.venv/bin/python -m images.builder.build examples/sklearn

ready: lint images
