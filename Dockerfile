# The course in a container, for docker run and for JupyterHub; nobody in it is root.
#   docker build -t course . && docker run -p 127.0.0.1:8888:8888 -v answers:/home/learner/course/my-course course
# A JupyterHub (DockerSpawner, KubeSpawner) wants its own version in the image, and starts jupyterhub-singleuser:
#   docker build --build-arg JUPYTERHUB=5.4.0 -t course .
FROM python:3.12-slim

RUN useradd --create-home --uid 1000 learner && mkdir -p /home/learner/course/my-course \
 && python -m venv /opt/course && chown -R learner: /home/learner /opt/course
USER learner
WORKDIR /home/learner/course
ENV PATH=/opt/course/bin:$PATH

COPY --chown=learner requirements.lock .
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.lock
ARG JUPYTERHUB=
RUN test -z "$JUPYTERHUB" || python -m pip install --no-cache-dir "jupyterhub==$JUPYTERHUB"

COPY --chown=learner pyproject.toml README.md CHANGELOG.md LICENSE LICENSE-TEXT ./
COPY --chown=learner install install
COPY --chown=learner bgd_helpers bgd_helpers
COPY --chown=learner bgd_course bgd_course
COPY --chown=learner notebooks notebooks
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation -e . \
 && mkdir -p ~/.jupyter && echo '{"ServerApp": {"ip": "0.0.0.0"}}' > ~/.jupyter/jupyter_server_config.json

EXPOSE 8888
CMD ["bgd", "lab", "--no-browser", "--port", "8888"]
