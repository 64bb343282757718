# Everything a developer or CI runs. Each target installs what it lacks and caches nothing outside this folder.
.PHONY: run test test-long bench bench-ui lint format clean
.DEFAULT_GOAL := run

# `make run ARGS="--data-dir kt-data"` passes flags to `kt up`.
ARGS ?=
SWIFT_SOURCES := Sources Tests Plugins Package.swift

run:
	@scripts/setup run
	swift build -c release --product kt
	exec .build/release/kt up $(ARGS)

# The last line counts: `N passed, N failed`.
test:
	@scripts/test

test-long:
	@scripts/test --long

# CPU per exchange, beside nginx's.
bench:
	@scripts/setup run bench
	swift build -c release --product kt
	python3 bench/gateway.py --kt .build/release/kt

bench-ui:
	@scripts/setup run test
	swift build -c release --product kt
	KT_BINARY=.build/release/kt .venv/bin/python bench/ui.py

lint:
	swift format lint --strict --parallel --recursive --configuration .swift-format $(SWIFT_SOURCES)

format:
	swift format --in-place --parallel --recursive --configuration .swift-format $(SWIFT_SOURCES)

clean:
	rm -rf .build .venv web/dist
