# One image for every worker and every command: `docker run stayshelf worker`, `... topics`, `... simulate --help`.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY app app
COPY agents agents
COPY tables tables
COPY schemas schemas
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /venv/bin/pip uninstall -q -y hatchling editables pathspec trove-classifiers setuptools pip

FROM python:3.11-slim-bookworm
RUN useradd --system --create-home --uid 10001 stayshelf && install -d -o stayshelf /data
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 STAYSHELF_DATA_DIR=/data STAYSHELF_WEB_HOST=0.0.0.0
USER stayshelf
WORKDIR /srv
VOLUME /data
EXPOSE 6066
ENTRYPOINT ["faust", "-A", "app"]
CMD ["worker", "-l", "info"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s CMD ["python", "-c", \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:6066/health/live', timeout=2)"]
