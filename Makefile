# make why: the main job.   make test: the suite (make test-slow: the rest).   make lint: formats, types, floors.
# make docs: the site.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One thread each: threads of one product wait for each other where a neighbour holds a core.
export OMP_NUM_THREADS ?= 1

.PHONY: why test test-slow test-triton lint docs bench bench-watch clean

why: $(VENV)/why
	OMP_NUM_THREADS=$(shell nproc 2>/dev/null || echo 2) $(BIN)/relume why $(if $(FULL),--full) $(if $(QUICK),--quick) --out relume-why

# Files side by side, a process a core: each has torch on one thread.
test: $(VENV)/test
	$(BIN)/python -m pytest -q --numprocesses auto --dist loadfile

test-slow: $(VENV)/test
	$(BIN)/python -m pytest -q -m slow

# Apart from the suite: Triton takes 0.7 GB of disk. Without a GPU its interpreter runs the kernel.
test-triton: $(VENV)/triton
	$(BIN)/python -m pytest -q tests/triton

lint: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src
	$(BIN)/python -m pytest -q tests/test_floors.py

# Into site/; index.html opens without a server. The notice is of the theme's end of life.
docs: $(VENV)/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: $(VENV)/test
	$(BIN)/python benchmarks/study.py

# The cost of watching, beside the tools that install; an hour on a quiet machine.
bench-watch: $(VENV)/test
	-$(BIN)/python -m pip install --quiet --constraint constraints.txt --requirement benchmarks/requirements.txt
	$(BIN)/python benchmarks/watch.py

# torch first and by pip, under the constraints: a CPU build at hand is then taken instead of the CUDA one.
$(VENV)/torch: constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	touch $@

$(VENV)/why: $(VENV)/torch pyproject.toml
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[why]'
	touch $@

$(VENV)/test: $(VENV)/torch pyproject.toml $(wildcard tests/real/requirements*.txt) tests/integrations/requirements.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[why,test,lint]' \
		--requirement tests/real/requirements.txt --requirement tests/integrations/requirements.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps \
		--requirement tests/real/requirements-alone.txt
	touch $@ $(VENV)/why

$(VENV)/docs: $(VENV)/torch pyproject.toml
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[docs]'
	touch $@

$(VENV)/triton: $(VENV)/test
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[triton]'
	touch $@

clean:
	rm -rf $(VENV) relume-why site build dist .mypy_cache .pytest_cache .ruff_cache
