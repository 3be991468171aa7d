PYTHON ?= python3
VENV ?= .venv
READY := $(VENV)/.ready
TOOLS := $(VENV)/tools
BARE := $(VENV)/bare
LOCK := requirements/ci.txt

MOMENTS ?= 10

.PHONY: demo test lint reference faults fuzz lock audit sbom

demo: $(READY)  ## the whole chain on drawn faces, with a report at its end
	$(VENV)/bin/edgedf demo

test: $(READY)  ## training in a process of its own: after OpenVINO's tests it has crashed in native code, once in four runs
	$(VENV)/bin/pytest --numprocesses auto --ignore tests/unit/training
	$(VENV)/bin/pytest tests/unit/training

fuzz: $(READY)  ## a hundred thousand damaged inputs, small ones that ask for much, and the service by its own description
	$(VENV)/bin/pip install --quiet --editable '.[all,fuzz]'
	$(VENV)/bin/pytest -m fuzz tests/fuzz
	$(VENV)/bin/python -m tests.fuzz.run --out fuzz.json

faults: $(READY)  ## every test that RELIABILITY.md names; each long command is killed at MOMENTS moments; the counts go into its table
	$(VENV)/bin/pytest -m '' --moments $(MOMENTS) --counts $(VENV)/faults.json $$($(VENV)/bin/python -m tests.faults.table); \
	status=$$?; $(VENV)/bin/python -m tests.faults.table $(VENV)/faults.json; exit $$status

lint: $(READY)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

reference: $(READY)  ## what a program may use, from the docstrings: build/reference/index.html; warnings are errors
	$(VENV)/bin/python -m sphinx -W -q docs/reference build/reference

lock: $(TOOLS)  ## versions that go together, for Python 3.11 to 3.13 on any system; UPGRADE=1 takes the newest
	$(TOOLS)/bin/uv pip compile --universal --python-version 3.11 --extra all --extra dev --no-annotate \
		--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) --output-file $(LOCK) pyproject.toml

audit: $(TOOLS)  ## which of these versions have known holes; asks pypi.org
	$(TOOLS)/bin/pip-audit --requirement $(LOCK) --no-deps --disable-pip

sbom: $(TOOLS)  ## dist/sbom.json: what the wheel brings by itself, as CycloneDX
	$(PYTHON) -m venv --clear --without-pip $(BARE)
	$(TOOLS)/bin/pip --python $(BARE) install --constraint $(LOCK) .
	rm $(BARE)/lib/python*/site-packages/edgedf-*.dist-info/direct_url.json  # or the file would tell where this folder lies
	mkdir -p dist
	$(TOOLS)/bin/cyclonedx-py environment --output-reproducible --output-file dist/sbom.json $(BARE)

$(TOOLS):
	$(PYTHON) -m venv $@
	$@/bin/pip install uv pip-audit cyclonedx-bom

$(READY): pyproject.toml edgedf/__init__.py # whose version a report copies from what is installed
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --editable '.[all,dev]'
	touch $@
