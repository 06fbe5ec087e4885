# syntax=docker/dockerfile:1
# The service in an image: not root, at home on a read-only root file system, everything by its hash, kernels compiled.
#
# The base is named by tag here; a release pins it: `docker build --build-arg BASE=python:3.13-slim@sha256:... .`
ARG BASE=python:3.13-slim

FROM ${BASE} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/ingestd
COPY requirements.lock requirements-build.lock ./
RUN /opt/ingestd/bin/pip install --only-binary :all: --require-hashes -r requirements.lock
RUN pip install --only-binary :all: --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY ingestd ingestd
RUN pip wheel --no-index --no-deps --no-build-isolation --wheel-dir dist . \
 && /opt/ingestd/bin/pip install --no-index --no-deps dist/*.whl \
 && /opt/ingestd/bin/pip uninstall --yes pip

FROM ${BASE}
# The kind of processor that the fast path is compiled for, whatever this machine is: any x86-64 server with AVX2. An image for
# Graviton: `--build-arg CPU=neoverse-n1`. Code for just this machine would be a twentieth faster, and be compiled anew by
# each task that starts on another kind.
ARG CPU=x86-64-v3
LABEL org.opencontainers.image.title="ingestd" \
      org.opencontainers.image.description="Takes the logs that AWS writes to OpenSearch, Elasticsearch or Amazon Data Firehose" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/opt/ingestd/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/var/cache/ingestd \
    NUMBA_CPU_NAME=${CPU} \
    NUMBA_CPU_FEATURES=""
RUN groupadd --gid 10001 ingestd \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ingestd \
 && install --directory --owner 10001 --group 10001 /var/cache/ingestd
COPY --from=builder /opt/ingestd /opt/ingestd
COPY config/ingestd.toml /usr/share/ingestd/ingestd.toml
USER 10001:10001
# Compiled here, so that a start takes what is compiled. numba only takes a cache from a directory that it could also write
# to: hence a volume, which starts as a copy of what stands in the image and can be written to where the root cannot.
RUN ingestd warm
VOLUME /var/cache/ingestd
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["ingestd", "health"]
ENTRYPOINT ["ingestd"]
CMD ["run"]
