# The one entry point. `make help` lists what there is.

PYTHON ?= python3
PY := .venv/bin/python
BOOTSTRAP = @command -v $(PYTHON) >/dev/null || { echo "VisualForge needs Python 3.11 or newer; install it, or name it: make $@ PYTHON=/path/to/python" >&2; exit 2; }; $(PYTHON) -m infra.local.bootstrap

.DEFAULT_GOAL := help
.PHONY: help run test check fmt worker gpu-worker bench bench-gpu chaos browser release sets cutout-data cutout-net lock clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start VisualForge on this machine (PORT=8000, VISUALFORGE_DATA_DIR=.data); Ctrl-C stops it
	$(BOOTSTRAP) base
	@exec $(PY) -m infra.local.up

test: ## Run all tests, or some of them: make test ARGS='tests/unit -k palette'
	$(BOOTSTRAP) base dev generate
	@exec $(PY) -m infra.local.suite $(ARGS)

check: ## Lint, format, types, import contracts, Django's checks, migrations, templates (some: ARGS='lint format')
	$(BOOTSTRAP) base dev
	@exec $(PY) -m infra.local.checks $(ARGS)

fmt: ## Format the code and mend what the linter can mend
	$(BOOTSTRAP) base dev
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format .

worker: ## Start one more worker for a running VisualForge
	$(BOOTSTRAP) base
	@exec $(PY) -m celery --app=apps.config.celery:app worker --pool=prefork --loglevel=info --hostname=worker-$$$$@%h

gpu-worker: ## Start workers that draw scenes, one a GPU, for a running VisualForge (docs/generators.md)
	$(BOOTSTRAP) base generate
	@exec $(PY) -m infra.local.gpu

bench: ## Measure; one JSON line a figure (ONLY=prefix)
	$(BOOTSTRAP) base dev
	@exec $(PY) -m tests.bench $(if $(ONLY),--only '$(ONLY)')

bench-gpu: ## Measure the generators with random weights at true sizes; without a GPU tiny ones (ONLY=prefix)
	$(BOOTSTRAP) base dev generate
	@exec $(PY) -m tests.bench.gpu $(if $(ONLY),--only '$(ONLY)')

chaos: ## Kill workers, wipe the broker, restart the database; one JSON line a scenario (BROKER=redis or rabbitmq)
	$(BOOTSTRAP) base dev generate
	@exec $(PY) -m tests.chaos $(if $(BROKER),--broker '$(BROKER)')

browser: ## Run the browser tests alone
	$(BOOTSTRAP) base dev
	@exec $(PY) -m infra.local.suite tests/browser $(ARGS)

release: ## Check, date the changelog, set the version, commit and tag: make release VERSION=1.2.3
	$(BOOTSTRAP) base dev
	@exec $(PY) -m infra.local.release $(VERSION)

sets: ## Render the light plates of studio sets that changed (minutes each; resumable; ARGS="--minutes 20")
	$(BOOTSTRAP) base sets
	@exec $(PY) -m inference.engines.studio_sets.render --all --contact-sheet build/sheets $(ARGS)

cutout-data: ## Render random scenes for the cutout network into .data/cutout-net (hours; resumable; ARGS=...)
	$(BOOTSTRAP) base sets
	@$(PY) -m inference.training.cutout_net.produce --out .data/cutout-net/renders --first 9000000 --count 150
	@exec $(PY) -m inference.training.cutout_net.produce --out .data/cutout-net/renders $(ARGS)

cutout-net: ## Train the cutout network on them (hours; resumable; ARGS='--size 256 --minutes 60')
	$(BOOTSTRAP) base train
	@exec $(PY) -m inference.training.cutout_net.train --renders .data/cutout-net/renders --runs .data/cutout-net/run $(ARGS)

lock: ## Resolve the requirements again and write their hashes
	$(BOOTSTRAP) base dev
	@cd infra/requirements && for set in base dev sets generate train heic; do \
		../../$(PY) -m uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
			--no-header --quiet --override overrides.txt --no-emit-package torch $$set.in -o $$set.txt || exit 1; done

clean: ## Remove caches and compiled translations; keeps .venv and .data
	@rm -rf .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist test-results
	@find . -path ./.venv -prune -o -path ./.data -prune -o \( -name __pycache__ -o -name '*.mo' \) -exec rm -rf {} +
