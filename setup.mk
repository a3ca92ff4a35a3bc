# The environment of the course and of a class's repository. $(READY) holds what a learner needs (requirements.lock);
# $(READY)-grade and $(READY)-dev add the rest of the lock of that name.
PYTHON ?= python3
NEWEST ?=

VENV  := $(if $(NEWEST),.venv-newest,.venv)
READY := $(VENV)/ready
RUN   := $(VENV)/bin/python

# uv where there is one, else pip: the same packages.
UV      := $(shell uv --version 2>/dev/null)
CREATE  = $(if $(UV),uv venv --quiet --python "$$(command -v $(PYTHON))",$(PYTHON) -I -m venv) $(VENV)
INSTALL = $(if $(UV),uv pip install --quiet --compile-bytecode --python $(RUN),$(RUN) -I -m pip --disable-pip-version-check install -qq)

# The stamp names the folder it was made in: an environment that was moved, or whose Python is gone, is made again.
USABLE := $(shell [ "$$(cat $(READY) 2>/dev/null)" = "$$(pwd -P)" ] && $(RUN) -Ic 'import click' 2>/dev/null && echo yes)
ifneq ($(USABLE)$(NEWEST),yes)
.PHONY: $(READY)
endif

ENOUGH = import sys; v = sys.version_info[:2]; v >= (3, 11) or sys.exit("Python 3.11 or newer is \
needed, and $(PYTHON) is %d.%d. Choose another: make PYTHON=python3.12 $(MAKECMDGOALS)" % v)
FAILED = { echo 'The packages could not be installed; $(if $(UV),uv,pip) says why above. Without network? Connect for this first time.$(if \
  $(UV), With pip instead: make UV= $(MAKECMDGOALS))' >&2; exit 1; }

$(READY): pyproject.toml requirements.lock
	@command -v $(PYTHON) >/dev/null || \
	  { echo 'No $(PYTHON) was found. Choose another: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 1; }
	@$(PYTHON) -c '$(ENOUGH)'
	@$(if $(UV),:,$(PYTHON) -I -c 'import ensurepip, venv' 2>/dev/null) || \
	  { echo '$(PYTHON) has no venv. On Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@echo 'Setting up $(VENV), once: about 115 packages, a minute or less ...'
	@rm -rf $(VENV) && $(CREATE)
	@$(if $(NEWEST),$(INSTALL) --upgrade -e '.[build]',$(INSTALL) --require-hashes -r requirements.lock && \
	  $(INSTALL) --no-deps --no-build-isolation -e .) || $(FAILED)
	@pwd -P > $@

$(READY)-%: requirements-%.lock $(READY)
	@echo 'Adding the packages of $< ...'
	@$(INSTALL) $(if $(NEWEST),--upgrade -e '.[$*]',--require-hashes -r $<) || $(FAILED)
	@touch $@
