# One image for every process: `ferry up` by default, or `ferry bot` and `ferry worker` in containers of their own.
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements-uv.lock requirements.lock ./
RUN python -m venv /app/.venv \
 && /app/.venv/bin/pip install --quiet --no-cache-dir --require-hashes -r requirements-uv.lock \
 && /app/.venv/bin/uv pip install --quiet --no-cache --compile-bytecode --python /app/.venv/bin/python --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY pipeline pipeline
COPY db db
COPY agent agent
COPY bot bot
RUN /app/.venv/bin/uv pip install --quiet --no-cache --python /app/.venv/bin/python --no-deps --no-build-isolation .

FROM python:3.13-slim
# xllamacpp's wheels are linked against OpenMP
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 ferry && install -d -o ferry -g ferry /data
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 FERRY_HOME=/data LANGGRAPH_STRICT_MSGPACK=true
USER ferry
VOLUME /data
STOPSIGNAL SIGTERM
CMD ["ferry", "up"]
