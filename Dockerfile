# syntax=docker/dockerfile:1
# Two stages: what builds stays behind, what runs is one virtual environment owned by root.

FROM python:3.13-slim-trixie AS build
WORKDIR /build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/listener
COPY deploy/requirements.lock deploy/requirements.lock
RUN /opt/listener/bin/pip install --require-hashes -r deploy/requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY listener listener
COPY adapters adapters
RUN /opt/listener/bin/pip install --no-deps .

FROM python:3.13-slim-trixie
RUN groupadd --gid 10001 listener \
 && useradd --uid 10001 --gid listener --no-create-home --home-dir /data --shell /usr/sbin/nologin listener \
 && install -d -o listener -g listener -m 0700 /data
COPY --from=build /opt/listener /opt/listener
# The container is reached from outside it, so it binds every address and therefore refuses to start without a token
# (LISTENER_HTTP__TOKEN__0__… or [[http.token]] in the configuration). The secret is made in /data at the first start.
ENV PATH=/opt/listener/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    LISTENER_CONFIG=/config/listener.toml \
    LISTENER_DATA_DIR=/data \
    LISTENER_HTTP__HOST=0.0.0.0
USER 10001:10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["listener", "healthcheck"]
ENTRYPOINT ["listener"]
CMD ["run"]
