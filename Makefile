# The course in two commands, `make lab` and `make test`; Python 3.11 or newer and make are all they need.
.DEFAULT_GOAL := help
include setup.mk
export PYTHONDONTWRITEBYTECODE :=  # what is imported is compiled once

.PHONY: help lab progress release grade site test test-all notebooks bench evidence lock clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "make %-11s %s\n", $$1, $$2 }'
	@echo 'With another Python: make PYTHON=python3.12 lab. With the newest packages: make NEWEST=1 test.'

lab: $(READY)  ## open your own copy of the notebooks in JupyterLab
	@$(RUN) -I -m bgd_course lab

progress: $(READY)  ## list which exercises are solved, attempted and open
	@$(RUN) -I -m bgd_course progress

release: $(READY)  ## write the learner's edition as a folder ready to be a class's repository
	@$(RUN) -I -m bgd_course release

grade: $(READY)-grade  ## grade a class: make grade SUBMISSIONS=folder OUTPUT=folder ROSTER=file ARGS="--bom" (first with PLAN=--plan)
	@test -n "$(SUBMISSIONS)" || { echo 'Name the folder: make grade SUBMISSIONS=folder' >&2; exit 2; }
	@$(RUN) -I -m bgd_course grade "$(SUBMISSIONS)" $(if $(OUTPUT),--output "$(OUTPUT)") \
	  $(if $(ROSTER),--roster "$(ROSTER)") $(PLAN) $(ARGS)

site: $(READY)-site  ## write the site (SERVE=1 opens it; OFFLINE=folder with Pyodide's wheels: all of it)
	@$(RUN) -I -m bgd_course site $(if $(OFFLINE),--offline "$(OFFLINE)") $(if $(SERVE),--serve)

test: $(READY)-dev  ## run the tests of the package and of every notebook, in four minutes
	@$(RUN) -m pytest

test-all: $(READY)-dev  ## run the tests that `make test` leaves out, in a quarter of an hour
	@$(RUN) -m pytest -m slow -o faulthandler_timeout=1600 -o faulthandler_exit_on_timeout=true

notebooks: $(READY)-dev  ## execute every notebook again and save it
	@$(RUN) -I -m bgd_course.notebooks

bench: $(READY)-dev  ## compare the speed of the package with its peers
	@$(RUN) -m bench

evidence: $(READY)  ## reproduce what the literature claims, and write evidence/index.html
	@BGD_EVIDENCE=full $(RUN) -m nbconvert --log-level WARN --execute --to html --template-file evidence/page.html.j2 \
	  --output index evidence/evidence.ipynb
	@echo 'All claims are reproduced: evidence/index.html'

LOCK = $(if $(UV),uv,.venv-lock/bin/uv) pip compile pyproject.toml --extra build --universal --python-version 3.11 \
  --fork-strategy fewest --generate-hashes --no-annotate --no-config --upgrade --quiet --custom-compile-command 'make lock'

lock: $(if $(UV),,.venv-lock/bin/uv)  ## pin the newest packages that pyproject.toml admits
	@$(LOCK) --extra dev --output-file requirements-dev.lock
	@$(LOCK) --extra site --constraint requirements-dev.lock --output-file requirements-site.lock
	@$(LOCK) --extra grade --constraint requirements-dev.lock --output-file requirements-grade.lock
	@$(LOCK) --constraint requirements-dev.lock --output-file requirements.lock
	@echo 'The four locks are up to date.'

clean:  ## remove the environments and caches, never a notebook or its checkpoints
	rm -rf .venv .venv-newest .venv-lock .pytest_cache .ruff_cache .import_linter_cache
	find bgd_helpers bgd_course tests bench -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

.venv-lock/bin/uv:
	@$(PYTHON) -I -m venv .venv-lock
	@.venv-lock/bin/python -I -m pip --disable-pip-version-check install -qq uv
