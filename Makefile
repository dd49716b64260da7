# Everything is set up by `make` itself: Python 3.11 with venv is all that a machine needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
INSTALLED := $(VENV)/.installed
BIN := $(VENV)/bin
LAKE := .venv-lake
POSTGRES := $(lastword $(sort $(wildcard /usr/lib/postgresql/*/bin)) /usr/lib/postgresql/bin)

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types unit bench bench-crawl bench-extract bench-truth bench-reconcile bench-scale bench-growth bench-report bench-warehouse units docs book hostile kill torture schedule ablation fuzz browser readers servers lake scale audit licences format lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-17s %s\n", $$1, $$2}'

# The lock names every package with its hash; nothing else is installed.
$(INSTALLED): requirements.lock pyproject.toml
	@echo "Installing into $(VENV) (once; a few minutes with an empty cache)"
	@test -x $(BIN)/pip || { rm -rf $(VENV) && $(PYTHON) -m venv $(VENV); }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(INSTALLED) ## one night over the sample web: crawl, extract, reconcile, load, report
	@$(BIN)/chiso nightly --sample --data data || test $$? -eq 1
	@echo "Next: $(BIN)/chiso query \"select * from conflicts\"    open data/report/index.html"

test: check ## all tests and checks, on a fresh checkout too

check: lint types unit ## ruff, mypy, tests

lint: $(INSTALLED)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .

types: $(INSTALLED)
	@$(BIN)/mypy

unit: $(INSTALLED)
	@$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

bench: $(INSTALLED) $(if $(SHORT)$(ONLY),,servers lake) ## all benchmarks, and docs/benchmarks.md with what they printed (half an hour; SHORT=1: without the kills and the engines, ONLY=scale.py: one of them)
	@$(BIN)/python benchmarks/all.py $(if $(SHORT),--short) $(if $(ONLY),--only $(ONLY))

bench-crawl: $(INSTALLED) ## pages a second beside a bare Scrapy spider, page reading beside trafilatura
	@$(BIN)/python benchmarks/crawl.py $(if $(HTML),--html $(HTML))

hostile: $(INSTALLED) ## what a server may do to us: every case, with time and peak memory
	@$(BIN)/pytest -v -s tests/test_hostile.py

kill: $(INSTALLED) ## a crawl killed 50 times with -9: what was lost, what was fetched twice
	@$(BIN)/python benchmarks/kill.py

bench-extract: $(INSTALLED) ## articles a second beside underthesea, time against length and against pumped strings (minutes)
	@$(BIN)/python benchmarks/extraction.py $(if $(PLAIN),--plain $(PLAIN)) $(if $(INDEX),--index $(INDEX))

bench-truth: $(INSTALLED) ## truth discovery on public data: make bench-truth TRUTH=folder
	@$(BIN)/python benchmarks/truth.py $(TRUTH)

bench-reconcile: $(INSTALLED) ## reconciliation against a known truth: right values, classes, calibration (2 minutes)
	@$(BIN)/python benchmarks/simulation.py $(if $(PICTURE),--picture $(PICTURE))

bench-scale: $(INSTALLED) ## a million claims reconciled: seconds and memory beside their limits
	@$(BIN)/python benchmarks/scale.py

bench-growth: $(INSTALLED) ## reading, loading and memory at several sizes, a night on top, and sums for 10 and 100 machines (PAGES=1000000 ONCE=1: an hour and more)
	@$(BIN)/python benchmarks/growth.py $(if $(PAGES),--pages $(PAGES)) $(if $(ONCE),--once)

docs: $(INSTALLED) ## the dictionary page, and the results shown in docs/warehouse.md, from a first night of the sample web
	@rm -rf .docs-night && { $(BIN)/chiso nightly --sample --data .docs-night > /dev/null 2>&1 || [ $$? -eq 1 ]; }
	@$(BIN)/python -m warehouse.documentation .docs-night/chiso.duckdb docs && rm -rf .docs-night

book: $(INSTALLED) ## the documentation as a site in build/docs; broken links within it are errors
	@$(BIN)/sphinx-build --quiet --fail-on-warning --nitpicky -b html docs build/docs

bench-report: $(INSTALLED) ## the report with ten thousand conflicts: seconds and compressed size beside their limits
	@$(BIN)/python benchmarks/report.py

bench-warehouse: $(INSTALLED) ## ten million claims: loading, a night on top, the queries of docs/warehouse.md, beside their limits (minutes)
	@$(BIN)/python benchmarks/storage.py

torture: $(INSTALLED) ## loads, rebuilds, reports and exports killed 200 times with -9, and other faults: what readers find, how the next run ends (NIGHTS=500: whole nights too, an hour and more)
	@$(BIN)/python benchmarks/torture.py $(if $(NIGHTS),--nights $(NIGHTS))

schedule: $(INSTALLED) ## the deployments on a Prefect server: a schedule fires, the worker goes, somebody is told (3 minutes)
	@$(BIN)/python benchmarks/schedule.py

units: $(INSTALLED) ## the units of deploy/systemd under a systemd of their own: a night, kills, the watch (root; 4 minutes)
	@$(BIN)/python benchmarks/units.py

ablation: $(INSTALLED) ## what each use of underthesea buys in F1 and costs in time
	@$(BIN)/python benchmarks/ablation.py $(if $(GOLD),--gold $(GOLD))

fuzz: $(INSTALLED) ## a million inputs to the readers of numbers, days and places (half an hour)
	@$(BIN)/python benchmarks/fuzz.py

# Of axe-core, which looks for barriers in pages, only the tests know; it is not part of chiso.
AXE := .tools/axe.min.js
$(AXE):
	@command -v npm >/dev/null || apt-get install -y -qq --no-install-recommends npm >/dev/null
	@mkdir -p .tools && cd .tools && npm pack --silent axe-core@4.14.1 >/dev/null 2>&1
	@tar -xzf .tools/axe-core-4.14.1.tgz -C .tools --strip-components=1 package/axe.min.js && touch $@ && rm .tools/axe-core-4.14.1.tgz

# A server that speaks S3, for the tests; it is not part of chiso.
S3 := .tools/node_modules/.bin/s3rver
$(S3):
	@command -v npm >/dev/null || apt-get install -y -qq --no-install-recommends npm >/dev/null
	@mkdir -p .tools && npm install --silent --no-audit --no-fund --prefix .tools s3rver@3.7.1 >/dev/null 2>&1

browser: $(AXE) ## install Chromium from Debian and axe-core from npm, with which the report is looked at (root)
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-core; } >/dev/null

readers: ## install R, gretl and LibreOffice from Debian, which read the release in the tests (root)
	@command -v Rscript >/dev/null && test -d /usr/lib/R/site-library/reticulate && command -v gretlcli >/dev/null && command -v soffice >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends r-base-core r-cran-reticulate gretl libreoffice-calc-nogui; } >/dev/null

# DuckLake is built for DuckDB 1.5: an environment of its own, which has that DuckDB before everything of the first one.
$(LAKE)/.installed: $(INSTALLED) deploy/lake/requirements.lock
	@echo "Installing into $(LAKE)"
	@test -x $(LAKE)/bin/pip || { rm -rf $(LAKE) && $(PYTHON) -m venv $(LAKE); }
	@$(LAKE)/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r deploy/lake/requirements.lock
	@$(BIN)/python -c "import site; print(f'import site; site.addsitedir({site.getsitepackages()[0]!r})')" > $$($(LAKE)/bin/python -c "import site; print(site.getsitepackages()[0])")/zz-chiso.pth
	@$(LAKE)/bin/python -c "from duckdb_extensions import import_extension as take; [take(name) for name in ('ducklake', 'httpfs', 'postgres_scanner', 'ui')]"
	@touch $@

lake: $(LAKE)/.installed ## the environment of a warehouse on DuckLake (docs/scale.md)

servers: $(S3) ## install PostgreSQL, Redis, systemd and faketime from Debian and an S3 server from npm, which tests and trials start (root)
	@test -x $(POSTGRES)/initdb && command -v redis-server >/dev/null && command -v systemd-analyze >/dev/null && command -v faketime >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql redis-server systemd faketime; } >/dev/null

scale: $(INSTALLED) lake ## the same night in one process and on Dask, Redis, PostgreSQL and S3: times, equal hashes (5 minutes)
	@$(BIN)/python benchmarks/cluster.py

audit: $(INSTALLED) ## what PyPI knows against the locked packages
	@$(BIN)/python scripts/supply.py audit

licences: $(INSTALLED) ## docs/licences.md, from the metadata of the installed packages
	@$(BIN)/python scripts/supply.py licences > docs/licences.tmp && mv docs/licences.tmp docs/licences.md

format: $(INSTALLED) ## format the code
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

lock: ## resolve the dependencies anew (needs uv): uv.lock, and requirements.lock for pip
	@rm -f uv.lock && uv lock --quiet
	@uv export --quiet --frozen --no-emit-project --no-header --no-annotate --all-groups --all-extras --output-file requirements.lock
	@sed -E -i -e 's#url = "https://[^"]*/([^"/]+)"#filename = "\1"#' -e 's#registry = "https://[^"]*"#registry = "index"#' uv.lock

clean: ## remove what was installed and what a demo has written
	rm -rf $(VENV) .tools data
