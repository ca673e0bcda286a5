# Everything here works from a fresh clone with Python 3.11+ and a package index; each target makes .venv if needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test quick fuzz bench lint types contract generate derivations clean help

help:
	@echo "make demo      theory against SGD: demo/compare.png and demo/compare.txt"
	@echo "make test      all tests; make quick: those that are not slow, in a minute or two"
	@echo "make fuzz      5000 random calls and command lines, each watched; SEED=... repeats a run"
	@echo "make bench     benchmarks side by side: docs/benchmarks.md"
	@echo "make lint types contract   ruff; mypy; import contract"
	@echo "make derivations   check every derivation and write it to derivations/"
	@echo "make generate  rewrite numerics/compile/generated from theory"

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cumulode needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	@touch $(STAMP)

demo: $(STAMP)
	@mkdir -p demo
	$(BIN)/cumulode compare --gain 3 --xi-plus 4 --xi-minus 1 --size 40 --bias -1 --time 300 --points 121 --seeds 8 \
	    --figure demo/compare.png --out demo/compare.csv > demo/compare.txt
	@cat demo/compare.txt

test: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist worksteal

quick: $(STAMP)
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

fuzz: $(STAMP)
	cd tests && $(abspath $(BIN))/python -m fuzz --cases 5000 $(if $(SEED),--seed $(SEED))

bench: $(STAMP)
	$(BIN)/python -m benchmarks

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# mypy and import-linter see the package only as it is installed from a wheel: see .ci/run
types contract: $(STAMP)
	bash .ci/installed.sh $@

generate: $(STAMP)
	$(BIN)/python -m cumulode.numerics.compile.codegen

derivations: $(STAMP)
	$(BIN)/python -m cumulode.theory.documents derivations

clean:
	rm -rf $(VENV) demo build dist cumulode.egg-info src/*.egg-info .pytest_cache .mypy_cache .ruff_cache
