# syntax=docker/dockerfile:1

# ── build: the locked wheels, then Remit itself, into one environment ────────────────────────────────────────────
FROM python:3.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_INPUT=1
RUN python -m venv /opt/remit && python -m venv /opt/builder
WORKDIR /src

COPY requirements/runtime.lock requirements/build.lock requirements/
RUN /opt/remit/bin/pip install --require-hashes --only-binary :all: -r requirements/runtime.lock \
 && /opt/builder/bin/pip install --require-hashes --only-binary :all: -r requirements/build.lock

COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/builder/bin/pip wheel --no-deps --no-build-isolation --no-index -w /wheels . \
 && /opt/remit/bin/pip install --no-deps --no-index /wheels/remit-*.whl \
 && /opt/remit/bin/python -m compileall -q /opt/remit/lib \
 && /opt/remit/bin/pip uninstall -y -q pip

# ── run: no compiler, no pip, no root ────────────────────────────────────────────────────────────────────────────
FROM python:3.11-slim-bookworm

RUN useradd --system --uid 10001 --create-home --home-dir /home/remit --shell /usr/sbin/nologin remit \
 && install -d -o remit -g remit /workspace
COPY --from=build /opt/remit /opt/remit

ENV PATH=/opt/remit/bin:$PATH \
    PYTHONUNBUFFERED=1
USER remit
WORKDIR /workspace
VOLUME /workspace

# SIGTERM drains: running segments finish or park before the process ends.
STOPSIGNAL SIGTERM
ENTRYPOINT ["remit"]
CMD ["up"]
