PYTHON ?= python3
VENV ?= .venv
READY := $(VENV)/.ready

.PHONY: demo test lint

demo: $(READY)  ## the whole chain on drawn faces, with a report at its end
	$(VENV)/bin/edgedf demo

test: $(READY)
	$(VENV)/bin/pytest

lint: $(READY)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --editable '.[all,dev]'
	touch $@
