# dsltm with its default teacher, which then needs no network:
#
#   docker build -t dsltm .
#   docker run --rm -v "$PWD:/work" --user "$(id -u):$(id -g)" dsltm distill corpus.jsonl -o labels.npz

FROM python:3.13-slim

# Where torch comes from without gigabytes of CUDA; with GPUs: --build-arg TORCH_INDEX=
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

COPY . /source
RUN pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
        --constraint /source/constraints.txt '/source[arrow,excel,remote,zstd]' \
    && rm -rf /source

# Teachers, and loops once they are compiled; whoever runs the container may write here.
ENV HOME=/cache DSLTM_CACHE=/cache/teachers NUMBA_CACHE_DIR=/cache/loops
RUN dsltm teachers --check smollm2-135m && chmod -R a+rwX /cache

WORKDIR /work
ENTRYPOINT ["dsltm"]
