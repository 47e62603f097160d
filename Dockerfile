# Three stages: assets (node), packages (pip, with hashes), and the final image with neither node nor a compiler.
FROM node:22.12.0-bookworm-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.12.8-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --require-hashes --no-deps -r requirements.lock

FROM python:3.12.8-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 diandan \
    && useradd --system --uid 10001 --gid diandan --home-dir /srv/diandan --shell /usr/sbin/nologin diandan \
    && install -d -o diandan -g diandan -m 0700 /srv/var /srv/media /srv/keys
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONUTF8=1 DIANDAN_MODE=production DIANDAN_VAR=/srv/var MEDIA_ROOT=/srv/media KEY_DIR=/srv/keys BIND=0.0.0.0 PORT=8000
WORKDIR /srv/diandan
COPY --from=packages /opt/venv /opt/venv
COPY . .
# Only what pages and documents use: Tabler's and ECharts' built files and the Chinese font.
COPY --from=assets /build/node_modules/@tabler/core/dist node_modules/@tabler/core/dist
COPY --from=assets /build/node_modules/echarts/dist node_modules/echarts/dist
COPY --from=assets /build/node_modules/@expo-google-fonts/noto-sans-sc node_modules/@expo-google-fonts/noto-sans-sc
RUN python -m tooling.messages && python -m compileall -q .
USER diandan
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "-c", "gunicorn.conf.py", "config.wsgi:application"]
