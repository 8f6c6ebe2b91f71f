# vssl on a CPU, with JupyterLab as its door:
#
#   docker build --tag vssl .
#   docker run --rm --publish 8888:8888 vssl
#
# The packages are those of requirements.lock. Its torch brings CUDA libraries, which a CPU does not need but
# the lock knows no other: reckon with some 8 GB.
FROM python:3.12-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*

# Not root; the number is the one that mybinder.org asks for.
ARG NB_USER=reader
ARG NB_UID=1000
RUN useradd --create-home --uid ${NB_UID} ${NB_USER} \
    && install --directory --owner ${NB_USER} /home/${NB_USER}/vssl
USER ${NB_USER}
WORKDIR /home/${NB_USER}/vssl

# The packages first: a change of the code does not fetch them anew.
COPY --chown=${NB_UID} Makefile pyproject.toml requirements.lock ./
RUN make .venv/bin/uv PYTHON=python3 \
    && .venv/bin/uv pip sync --python .venv/bin/python --no-cache --require-hashes requirements.lock

COPY --chown=${NB_UID} . .
RUN make env PYTHON=python3

ENV PATH=/home/${NB_USER}/vssl/.venv/bin:$PATH
EXPOSE 8888
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser", "--notebook-dir=notebooks"]
