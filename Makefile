# `make` lists the verbs. Everything runs through uv, which is installed with pip where it is missing.
.DEFAULT_GOAL := help
.PHONY: help setup demo test golden lint type imports docs bench paper pdf clean

PYTHON ?= python3
UV ?= $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN = $(UV) run --frozen --no-sync
DEMO ?= runs/demo
BENCH ?= runs/bench

help: ## list the verbs
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

.uv/bin/uv:
	@$(PYTHON) -m venv .uv && .uv/bin/python -m pip install --quiet uv

setup: $(if $(findstring .uv,$(UV)),.uv/bin/uv) ## install the locked environment into .venv
	@$(UV) sync --frozen --quiet --compile-bytecode --extra pose --extra export

demo: setup ## film, mine, label, train, evaluate and review synthetic footage (offline, CPU)
	$(RUN) slowpaths demo out=$(DEMO)

test: setup ## run the tests
	$(RUN) pytest -n 2

golden: setup ## make the golden tables of tests/golden anew and show what changed
	$(RUN) python -m tests.golden.update

lint: setup ## check style, spelling and the import rules
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) codespell
	$(RUN) lint-imports

type: setup ## check the types
	$(RUN) pyrefly check

bench: setup ## measure the ratios in scripts/bench
	$(RUN) slowpaths world world=tiny seed=7 out=$(BENCH)
	$(RUN) python scripts/bench/film.py
	$(RUN) python scripts/bench/decode.py $(BENCH)/t01.mp4
	$(RUN) python scripts/bench/pose.py $(BENCH)/t01.mp4 --backends compact simulated
	$(UV) run --frozen --group bench python scripts/bench/mining.py
	$(RUN) python scripts/bench/relabel.py
	$(RUN) python -m scripts.bench.evaluation
	$(RUN) python scripts/bench/train_reads.py
	$(RUN) python scripts/bench/training.py

docs: setup ## write the generated pages anew and build the documentation into site/
	$(RUN) python -m scripts.generate_docs
	$(UV) run --frozen --group docs mkdocs build --strict

paper: setup ## recompute the tables behind the paper (many hours; resumes) and fill in its numbers
	$(RUN) bash scripts/paper.sh
	$(RUN) python scripts/paper.py

pdf: docs ## print the paper to site/paper/index.pdf (needs a Chromium)
	$(RUN) python scripts/paper.py --pdf site/paper/index.html

clean: ## remove what the demo and the tools wrote
	rm -rf runs outputs multirun site dist .pytest_cache .ruff_cache
