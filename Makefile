PYTHON ?= python3
VENV ?= .venv
READY := $(VENV)/.ready

.PHONY: demo test lint

demo: $(READY)  ## the whole chain on drawn faces, with a report at its end
	$(VENV)/bin/edgedf demo

test: $(READY)  ## training in a process of its own: after OpenVINO's tests it has crashed in native code, once in four runs
	$(VENV)/bin/pytest --numprocesses auto --ignore tests/unit/training
	$(VENV)/bin/pytest tests/unit/training

lint: $(READY)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --editable '.[all,dev]'
	touch $@
