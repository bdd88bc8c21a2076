# Everything runs in .venv, made on first use; PYTHON chooses the interpreter.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt
DATA   ?= ../shared/data
JOBS   ?= 2
# The tests start hundreds of processes: what they import is compiled once, whatever the environment says.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help demo test lint bench docs reproduce clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[dev]'
	touch $@

demo: $(VENV)/.installed ## topics of the standard library's docstrings, start to end
	mkdir -p demo
	$(BIN)/python -m dsltm.demo > demo/corpus.jsonl
	$(BIN)/dsltm distill demo/corpus.jsonl -o demo/labels.npz
	$(BIN)/dsltm train demo/labels.npz -k 25 -o demo/model.npz
	$(BIN)/dsltm assign demo/model.npz demo/labels.npz -o demo/assignments.jsonl
	$(BIN)/dsltm topics demo/model.npz
	$(BIN)/dsltm eval demo/model.npz demo/labels.npz

test: $(VENV)/.installed ## the tests, in JOBS processes (2); each file of them in one, in its order
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.installed ## ruff, mypy, and the floors of the house by import-linter
	$(BIN)/ruff check dsltm tests
	$(BIN)/ruff format --check dsltm tests
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: $(VENV)/.installed ## the manual pages and the shells' completions
	$(BIN)/python -m dsltm.commands .

bench: $(VENV)/.installed ## the measured tables of dsltm-results(7); DATA is the folder of the corpora
	$(PIP) --editable '.[bench]'
	$(BIN)/python tests/bench/bench_distill.py $(DATA)/stackoverflow.jsonl.gz
	$(BIN)/python tests/bench/bench_training.py
	$(BIN)/python tests/bench/bench_metrics.py
	$(BIN)/python tests/bench/bench_memory.py

reproduce: $(VENV)/.installed ## the paper's table, resumable, hours; DATA is the folder of the corpora
	$(BIN)/python tests/bench/reproduce.py --data $(DATA) --out reproduce

clean: ## remove what make made
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
