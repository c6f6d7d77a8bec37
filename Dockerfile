# hookpath on the command line, for a CPU or (build argument) an NVIDIA GPU:
#   docker build -t hookpath .
#   docker build -t hookpath:cuda --build-arg TORCH=cu130 .
#   docker run --rm -v "$PWD:/data" hookpath info slides
#   docker run --rm --gpus all -v "$PWD:/data" hookpath:cuda train slides -o runs/first
ARG PYTHON=3.12
FROM python:${PYTHON}-slim-bookworm AS build

# What uv calls --torch-backend: cpu, cu126, cu128, cu130… CUDA itself comes with torch's wheels; the host
# needs NVIDIA's driver and its container toolkit.
ARG TORCH=cpu
# Further parts of the package, as in "train,cluster,formats"; "evaluate" alone for a server that predicts.
ARG EXTRAS=train,export,tables
# What `hookpath --version` says the image was built from: --build-arg COMMIT=$(git rev-parse HEAD)
ARG COMMIT=

SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /source
COPY pyproject.toml requirements.lock README.md LICENSE CHANGELOG.md ./
COPY pybackend pybackend
RUN if [ -n "${COMMIT}" ]; then printf '%s\n' "${COMMIT}" > pybackend/hookpath/commit.txt; fi \
 && uv venv /opt/hookpath \
 && uv pip install --no-cache --python /opt/hookpath --torch-backend "${TORCH}" -c requirements.lock ".[${EXTRAS}]"

FROM python:${PYTHON}-slim-bookworm
COPY --from=build /opt/hookpath /opt/hookpath
# Whoever runs it: `docker run --user "$(id -u):$(id -g)"` writes files that are yours.
RUN useradd --create-home --uid 1000 hookpath && install -d -m 1777 /cache
ENV PATH=/opt/hookpath/bin:$PATH \
    HOOKPATH_CACHE=/cache \
    MPLCONFIGDIR=/cache/matplotlib \
    PYTHONUNBUFFERED=1
USER 1000
WORKDIR /data
ENTRYPOINT ["hookpath"]
CMD ["--help"]
