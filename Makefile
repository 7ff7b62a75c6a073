# make demo   the whole story on a made-up shop (needs Python >= 3.11, make and git; nothing else)
# make test   lint, types, and every test, on SQLite and on a real PostgreSQL: statements on both, what lies above the store on one of them
# make thorough  the same, everything on both, and with examples that nobody has seen yet
# make fast   what a change of rules, journeys, channels or statistics breaks, in about a minute: no database, no browser, no letters
# make audit  licences, pins and known holes of dependencies; fails where no service of known holes can be asked (make check only says so)
# make bench  speed and memory, as ratios: make bench [ONLY=area] [JSON=file] [CUSTOMERS=100000, of the shop in audience and studio]
# make scaling  a million customers by four processes on PostgreSQL: make scaling [CUSTOMERS=1000000] [JSON=file]; writes the table of docs/scaling.md
# make faults 200 kills -9 of workers over a campaign of 20,000 letters, on SQLite and on PostgreSQL: nobody twice, nobody lost
# make referees  programs from outside judge every letter; installs those that are missing (Debian, as root, or says what to install)
# make docs   the documentation as a site, into out/docs/, without a network; a warning is an error
# make screenshots  the documentation's pictures, taken of a real studio by Chromium
# make words  every sentence of the studio's pages into every catalogue; what is new there waits for a translation
# make licences  docs/licences.md anew, after a change of the locks
# make release VERSION=1.2.3  looks whether a release is in order; with DO=--do it runs test and audit, builds, writes the schema down, commits and tags
# make pictures  every letter in every language, photographed by day and by night, wide and narrow, into out/pictures/

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

export DO_NOT_TRACK := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test fast thorough check audit bench scaling faults referees pictures docs screenshots words release licences lock format clean

demo: $(VENV)/.installed
	@$(BIN)/python -m flows.demo

test: $(VENV)/.installed-dev check
	$(BIN)/python -m pytest -n 2 --dist loadgroup

fast: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not database" tests/audience tests/channels tests/journey tests/outcomes

thorough: $(VENV)/.installed-dev check
	WINBACK_TESTS=all $(BIN)/python -m pytest -n 2 --dist loadgroup

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(BIN)/python -m tests.audit

audit: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.audit --strict

bench: $(VENV)/.installed-bench
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY)) $(if $(JSON),--json $(JSON)) $(if $(CUSTOMERS),--customers $(CUSTOMERS)) $(if $(KEEP),--keep $(KEEP))

scaling: JSON := $(or $(JSON),out/scaling.json)
scaling: $(VENV)/.installed-bench
	@mkdir -p $(dir $(JSON))
	@$(BIN)/python -m benchmarks --only scaling --json $(JSON) $(if $(CUSTOMERS),--customers $(CUSTOMERS)); missed=$$?; \
	$(BIN)/python -m benchmarks.written $(JSON) docs/scaling.md && exit $$missed

faults: $(VENV)/.installed-dev
	@for database in sqlite postgresql; do \
	  $(BIN)/python -m tests.sending.faults --database $$database $(if $(KILLS),--kills $(KILLS)) $(if $(LETTERS),--letters $(LETTERS)) || exit 1; done

referees: $(VENV)/.installed-dev $(VENV)/referees/vnu.jar $(VENV)/referees/axe.min.js $(VENV)/referees/compose-spec.json
	@for pair in java:default-jre-headless spamassassin:spamassassin chromium:chromium dovecot:dovecot-imapd; do \
	  command -v $${pair%%:*} > /dev/null || missing="$$missing $${pair##*:}"; done; \
	[ -z "$$missing" ] || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; } || { echo "Install:$$missing; then again: make referees"; exit 1; }; \
	[ -z "$$missing" ] || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing fonts-noto-core; }
	WINBACK_REFEREES=all $(BIN)/python -m pytest -m referee

pictures: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.referees.pictures $(LETTERS)

docs: $(VENV)/.installed-dev
	@$(BIN)/python -m sphinx -q -W --keep-going -d out/docs.kept -b html docs out/docs && echo "The site: out/docs/index.html"

screenshots: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.documentation.screenshots

words: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.catalogues $(FILL)

# The Nu HTML checker, out of its npm package; no part of the project.
$(VENV)/referees/vnu.jar: | $(VENV)/.python
	@command -v npm > /dev/null || { echo "npm is needed to get the Nu HTML checker (package vnu-jar)"; exit 1; }
	mkdir -p $(@D) && cd $(@D) && tar -xzf "$$(npm pack --silent vnu-jar)" && mv "$$(find package -name vnu.jar)" vnu.jar && rm -rf package vnu-jar-*.tgz

# axe-core, which judges the public pages, out of its npm package; no part of the project.
$(VENV)/referees/axe.min.js: | $(VENV)/.python
	@command -v npm > /dev/null || { echo "npm is needed to get axe-core"; exit 1; }
	mkdir -p $(@D) && cd $(@D) && tar -xzf "$$(npm pack --silent axe-core)" package/axe.min.js && mv package/axe.min.js . && rm -rf package axe-core-*.tgz

# The Compose Specification's JSON schema, out of an npm package; no part of the project.
$(VENV)/referees/compose-spec.json: | $(VENV)/.python
	@command -v npm > /dev/null || { echo "npm is needed to get the schema of compose files"; exit 1; }
	mkdir -p $(@D) && cd $(@D) && tar -xzf "$$(npm pack --silent dclint)" package/schemas/compose.schema.json && mv package/schemas/compose.schema.json compose-spec.json && rm -rf package dclint-*.tgz

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "winback needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ...")'
	@echo "Making $(VENV)..."; began=$$(date +%s); $(PYTHON) -m venv $(VENV) && echo "Made in $$(($$(date +%s) - began)) s."
	@touch $@

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/.python
	@echo "Installing what requirements.lock names, and winback..."; began=$$(date +%s); \
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock \
	&& $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable . \
	&& echo "Installed in $$(($$(date +%s) - began)) s."
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	@touch $@

$(VENV)/.installed-bench: requirements-bench.lock $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-bench.lock
	@touch $@

# Looks whether a release is in order; with DO=--do it runs test and audit, builds, writes the schema down, commits and tags.
release: $(if $(DO),test audit) $(VENV)/.installed-dev
	@$(BIN)/python -m tests.release $(VERSION) $(DO)

licences: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.licences

# Locks hold hashes and no addresses; write them anew after a change of dependencies.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra all --extra build -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra all --extra build --extra dev --extra docs -c requirements.lock -o requirements-dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group bench -o requirements-bench.lock

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
