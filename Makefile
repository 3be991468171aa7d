PYTHON ?= python3
VENV ?= .venv
READY := $(VENV)/.ready

.PHONY: demo test lint fuzz

demo: $(READY)  ## the whole chain on drawn faces, with a report at its end
	$(VENV)/bin/edgedf demo

test: $(READY)  ## training in a process of its own: after OpenVINO's tests it has crashed in native code, once in four runs
	$(VENV)/bin/pytest --numprocesses auto --ignore tests/unit/training
	$(VENV)/bin/pytest tests/unit/training

fuzz: $(READY)  ## a hundred thousand damaged inputs, small ones that ask for much, and the service by its own description
	$(VENV)/bin/pip install --quiet --editable '.[all,fuzz]'
	$(VENV)/bin/pytest -m fuzz tests/fuzz
	$(VENV)/bin/python -m tests.fuzz.run --out fuzz.json

lint: $(READY)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --editable '.[all,dev]'
	touch $@
