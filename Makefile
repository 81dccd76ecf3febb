# What people and CI run. Nothing here needs more than Debian and Rust; the rest is installed on the way.
# Build files lie outside the checkout, so a fresh clone finds what an older one compiled.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/cikr/target
DEMO ?= pipelines/demo.toml

.DEFAULT_GOAL := help
.PHONY: help demo test lint check interop soak bench setup-build setup-test setup-bench

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: setup-build ## build, and publish the sample data's tiles to out/demo
	cargo build --release --locked
	"$(CARGO_TARGET_DIR)/release/cikr" run $(DEMO)

test: setup-test ## everything CI checks, seconds first
	$(MAKE) --no-print-directory lint
	cargo test --locked --lib --test it
	cargo test --locked --doc
	$(MAKE) --no-print-directory check interop

lint: setup-test ## formatting, lints, and what dependencies may be
	cargo fmt --check
	PATH="$$PATH:$(HOME)/.cache/cikr/tools/bin" cargo deny --locked check bans licenses sources
	cargo clippy --locked --all-targets -- -D warnings

# With --all-targets dependencies get the features that `cargo test` gives them, and are compiled once, not twice.
check: setup-build ## every pipeline and schema of the repository
	cargo build --locked --all-targets
	for pipeline in pipelines/*.toml; do "$(CARGO_TARGET_DIR)/debug/cikr" check "$$pipeline" || exit; done

interop: setup-test ## other readers and validators on a fresh demo release
	cargo build --locked --all-targets
	tests/interop/run.sh "$(CARGO_TARGET_DIR)/debug/cikr" $(DEMO)

soak: setup-test ## kills, faults, damage, hostile files and hundreds of nights: an hour
	cargo build --release --locked
	CIKR="$(CARGO_TARGET_DIR)/release/cikr" cargo test --locked --test it -- --ignored --nocapture --test-threads 1 soak_

bench: setup-bench ## the same pulls, tiles and joins by this program and by others, timed
	cargo build --release --locked --bins --examples
	tests/bench/run.sh "$(CARGO_TARGET_DIR)/release/cikr"

setup-build:
	@tests/setup.sh build

setup-test:
	@tests/setup.sh test

setup-bench:
	@tests/setup.sh bench
