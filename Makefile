# Everything a developer or CI runs. Each target installs what it lacks and caches nothing outside this folder.
.PHONY: run install test test-long fuzz bench bench-ui lint format clean
.DEFAULT_GOAL := run

# `make run ARGS="--data-dir kt-data"` passes flags to `kt up`.
ARGS ?=
# Why these flags: docs/decisions/0006-build-flags.md.
LEVEL := $(shell scripts/processor-level)
BUILD := swift build $(shell cat scripts/build-flags) $(LEVEL) --static-swift-stdlib --product kt --scratch-path .build/run
KT := .build/run/release/kt
SWIFT_SOURCES := Sources Tests Plugins Package.swift

run:
	@scripts/setup run
	$(BUILD)
	exec $(KT) up $(ARGS)

# What `make run` or `make bench` has built; `sudo make install`, or with a PREFIX of your own.
PREFIX ?= /usr/local

install:
	@test -x $(KT) || { echo "error: $(KT) is not there yet: say 'make run' first" >&2; exit 1; }
	install -D -m 755 $(KT) $(DESTDIR)$(PREFIX)/bin/kt

# The last line counts: `N passed, N failed`.
test:
	@scripts/test

test-long:
	@scripts/test --long

# Texts with matches in random pieces, many more than `make test` has. A failure names the seed: `make fuzz SEED=7` repeats it.
CASES ?= 500000
SEED ?= $(shell date +%s)
TESTS := $(shell cat scripts/build-flags) -Xswiftc -enable-testing

fuzz:
	@scripts/setup run test
	swift build $(TESTS) --build-tests
	KEEPTRUSTS_FUZZ_CASES=$(CASES) KEEPTRUSTS_FUZZ_SEED=$(SEED) \
	    swift test $(TESTS) --skip-build --disable-xctest --filter 'PackCutTests|StreamCutTests'

# CPU per exchange, beside nginx's; then of each policy, on clean texts, streams and texts that are meant to be slow.
bench:
	@scripts/setup run bench
	$(BUILD)
	python3 bench/gateway.py --kt $(KT)
	python3 bench/policies.py --kt $(KT)

bench-ui:
	@scripts/setup run test
	$(BUILD)
	KT_BINARY=$(KT) .venv/bin/python bench/ui.py

lint:
	swift format lint --strict --parallel --recursive --configuration .swift-format $(SWIFT_SOURCES)

format:
	swift format --in-place --parallel --recursive --configuration .swift-format $(SWIFT_SOURCES)

clean:
	rm -rf .build .venv web/dist
