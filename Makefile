# ImageServicing: `make help` lists what can be made.
#
# The work is done by the scripts in build/; this file says what depends on what, so that a second
# run is quick.

SHELL := /bin/sh
.DEFAULT_GOAL := build
.PHONY: help build prepare demo test bench acceptance header clean

# imgsh looks for the runtime in its usual places; this covers an SDK that was unpacked elsewhere.
export DOTNET_ROOT ?= $(patsubst %/,%,$(dir $(realpath $(shell command -v dotnet))))

RUST_SOURCES := $(shell find src data wimlib-sys -name target -prune -o -type f -print) Cargo.toml build.rs cbindgen.toml
MODULE_SOURCES := $(shell find PSModule -name bin -prune -o -name obj -prune -o -type f -print 2>/dev/null)

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make demo  IMAGE=install.wim DRIVERS=folder [INDEX=1] [INPLACE=1]   the demo on a copy of your image"
	@echo "  make bench [SCALE=1.0] [RUNS=5] [BENCH_DIR=...] [BENCH_TREE=...]    see benches/README.md"
	@echo "  IMGSVC_CRATES=crates.io|distribution decides where the crates come from (CONTRIBUTING.md)"

build: out/libimgsvc.so out/ImageServicing/.staged out/sample/install.wim ## out/ImageServicing (the module), out/imgsh, out/libimgsvc.so

prepare: ## Check the toolchains, install missing system packages
	@build/prepare.sh

out/libimgsvc.so: $(wildcard $(RUST_SOURCES)) | prepare
	@mkdir -p out
	build/cargo build --quiet --release --lib --example make-sample
	@cp -f "$${CARGO_TARGET_DIR:-target}/release/libimgsvc.so" $@
	@touch $@

# What the demo, the Pester suites and the examples work on.
out/sample/install.wim: $(wildcard examples/make-sample/*.rs) out/libimgsvc.so
	@build/cargo build --quiet --release --lib --example make-sample
	@rm -rf out/sample out/sample.new
	@"$${CARGO_TARGET_DIR:-target}/release/examples/make-sample" out/sample.new
	@mv out/sample.new out/sample

out/ImageServicing/.staged: $(MODULE_SOURCES) out/libimgsvc.so | prepare
	@build/stage.sh
	@touch $@

demo: build ## Mount-Image | Add-Driver | Save-Image on a sample image, and what changed in it
	@build/demo.sh

test: build ## Every test; the last line has the count
	@build/test.sh

bench: build ## CPU, wall time, memory and bytes written, side by side with wimlib-imagex
	@build/bench.sh

acceptance: build ## The long tests: kill -9, disk full, thousands of damaged images
	@build/acceptance.sh

header: ## Write include/imgsvc.h anew from src/ffi
	@build/header

clean: ## Remove everything that was built
	rm -rf out target
	find PSModule -depth \( -name bin -o -name obj \) -type d -exec rm -rf {} + 2>/dev/null || true
