# The course in two commands, `make lab` and `make test`; Python 3.11 or newer and make are all they need.
PYTHON ?= python3
NEWEST ?=

VENV  := $(if $(NEWEST),.venv-newest,.venv)
READY := $(VENV)/ready
RUN   := $(VENV)/bin/python
NEEDED := .[test,cluster]
PIP    = $(RUN) -m pip --disable-pip-version-check install -qq

.PHONY: help lab progress release grade test test-quick notebooks bench evidence lock clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "make %-11s %s\n", $$1, $$2 }'
	@echo 'With another Python: make PYTHON=python3.12 lab. With the newest packages: make NEWEST=1 test.'

lab: $(READY)  ## open your own copy of the notebooks in JupyterLab
	@$(RUN) -m bgd_helpers lab

progress: $(READY)  ## list which exercises are solved, attempted and open
	@$(RUN) -m bgd_helpers progress

release: $(READY)  ## write the learner's edition as a folder ready to be a class's repository
	@$(RUN) -m bgd_helpers release

grade: $(READY)  ## grade a class: make grade SUBMISSIONS=folder
	@test -n "$(SUBMISSIONS)" || { echo 'Name the folder: make grade SUBMISSIONS=folder' >&2; exit 2; }
	@$(RUN) -m bgd_helpers grade "$(SUBMISSIONS)"

test: $(READY)  ## run every test: of the package, then of each notebook
	@$(RUN) -m bgd_helpers test

test-quick: $(READY)  ## run the tests that take less than a minute
	@$(RUN) -m bgd_helpers test --quick

notebooks: $(READY)  ## execute every notebook again and save it
	@$(RUN) -m bgd_helpers notebooks

bench: $(READY)  ## compare the speed of the package with its peers
	@$(RUN) -m bgd_helpers bench

evidence: $(READY)  ## reproduce what the literature claims, and write evidence/index.html
	@BGD_EVIDENCE=full $(RUN) -m nbconvert --log-level WARN --execute --to html --template-file evidence/page.html.j2 \
	  --output index evidence/evidence.ipynb
	@echo 'All claims are reproduced: evidence/index.html'

lock: .venv-lock/bin/uv  ## pin the newest packages that pyproject.toml admits
	@.venv-lock/bin/uv pip compile pyproject.toml --extra test --extra browser --extra grade --extra cluster --universal --python-version 3.11 \
	  --fork-strategy fewest --generate-hashes --no-annotate --no-config --upgrade --quiet \
	  --custom-compile-command 'make lock' --output-file requirements.lock
	@echo 'requirements.lock is up to date.'

clean:  ## remove the environments and caches, never a notebook or its checkpoints
	rm -rf .venv .venv-newest .venv-lock .pytest_cache .ruff_cache
	find bgd_helpers tests bench -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# The environment. The stamp holds the folder it was made in: one that was moved is made again.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif
ifneq ($(NEWEST),)
.PHONY: $(READY)
endif

ENOUGH = import sys; v = sys.version_info[:2]; v >= (3, 11) or sys.exit("Python 3.11 or newer is \
needed, and $(PYTHON) is %d.%d. Choose another: make PYTHON=python3.12 $(MAKECMDGOALS)" % v)

$(READY): pyproject.toml requirements.lock
	@command -v $(PYTHON) >/dev/null || \
	  { echo 'No $(PYTHON) was found. Choose another: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 1; }
	@$(PYTHON) -c '$(ENOUGH)'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo '$(PYTHON) has no venv. On Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@echo 'Setting up $(VENV), once: about 140 packages, a minute or two ...'
	@$(PYTHON) -m venv --clear $(VENV)
	@$(if $(NEWEST),$(PIP) --upgrade -e '$(NEEDED)',$(PIP) --require-hashes -r requirements.lock && \
	  $(PIP) --no-deps --no-build-isolation -e .) || \
	  { echo 'The packages could not be installed; pip says why above. Without network? Connect for this first time.' >&2; exit 1; }
	@printf '%s' '$(CURDIR)' > $(READY)

.venv-lock/bin/uv:
	@$(PYTHON) -m venv .venv-lock
	@.venv-lock/bin/python -m pip --disable-pip-version-check install -qq uv
