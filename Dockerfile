# The suite as an image: `docker build -t processing-conformance .`, or `make suite` where no registry can be reached.
ARG BASE=python:3.12-slim
FROM ${BASE}
COPY . /suite/
# A substitute base has the distributions already; the ordinary one gets them here.
RUN python3 -c "import moto" 2>/dev/null || pip3 install --no-cache-dir "/suite[aws,dockerfile,html,ssh,xdist]"
# Bytecode of a user who may write nothing here would be made anew in each session.
RUN python3 -m compileall -q /suite
ENV PYTHONPATH=/suite PYTEST_PLUGINS=pytest_sagemaker_processing PYTHONUNBUFFERED=1
# Where the project is mounted: relative paths of options are below it.
WORKDIR /work
# Without -P a project's own package `conformance` would hide the suite's.
ENTRYPOINT ["python3", "-P", "-m", "pytest", "-p", "no:cacheprovider"]
