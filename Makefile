# make run    build, and start the gateway in front of its demo server    make build  build/doorward
# make test   every test (at most 15 minutes once built)                  make fuzz   each fuzz target for FUZZ_SECONDS
# make check-all  sanitizers and the long runs                            make bench  the figures of docs/performance.md
# make risk-report  the agreement of docs/risk-method.md                   make screenshots  docs/images anew
# make package  a Debian package in build/ (docs/install.md)
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
JOBS ?= $(shell nproc)
STATE ?= ./state
FUZZ_SECONDS ?= 60
LONG_FUZZ_SECONDS ?= 300

.PHONY: run build package test fuzz check-all asan tsan long risk-report bench screenshots coverage format clean

run: build
	build/doorward quickstart --state $(STATE)

build:
	scripts/install-build-deps
	cmake --preset release -DDOORWARD_TESTS=OFF -Wno-dev >/dev/null
	cmake --build build -j $(JOBS) --target doorward

package: build
	scripts/install-package-deps
	scripts/package build

test:
	scripts/install-build-deps
	scripts/install-test-deps
	cmake --preset release -DDOORWARD_TESTS=ON -Wno-dev >/dev/null
	cmake --build build -j $(JOBS)
	cmake --preset fuzz -Wno-dev >/dev/null
	cmake --build build-fuzz -j $(JOBS) --target fuzzers
	scripts/run-tests build -j 2 --timeout 600

fuzz:
	scripts/install-build-deps
	scripts/install-test-deps
	cmake --preset fuzz -Wno-dev >/dev/null
	cmake --build build-fuzz -j $(JOBS) --target fuzzers
	scripts/fuzz --seconds $(FUZZ_SECONDS)

check-all: test asan tsan long

asan tsan:
	scripts/install-build-deps
	scripts/install-test-deps
	cmake --preset $@ -Wno-dev >/dev/null
	cmake --build build-$@ -j $(JOBS)
	scripts/run-tests build-$@ -j 2 --timeout 1800 -L 'unit|sanitized'

long:
	scripts/install-peers servers
	scripts/run-tests build -C Long --timeout 14400 -L long
	scripts/fuzz --seconds $(LONG_FUZZ_SECONDS)

risk-report: build
	scripts/risk-report

bench: build
	scripts/install-bench-deps
	bench/run

screenshots: build
	scripts/install-test-deps
	scripts/screenshots build

coverage:
	scripts/install-build-deps
	scripts/install-test-deps
	scripts/install-coverage-deps
	cmake --preset coverage -Wno-dev >/dev/null
	cmake --build build-coverage -j $(JOBS)
	find build-coverage -name '*.gcda' -delete
	scripts/run-tests build-coverage -j 2 --timeout 1800 -L unit
	gcovr --root . --filter src/ --exclude '.*_(test|bench|fuzz)\.cpp' --object-directory build-coverage \
	  --print-summary --html-details build-coverage/coverage.html

format:
	scripts/install-format-deps
	git ls-files 'src/*.h' 'src/*.cpp' | xargs -r clang-format -i

clean:
	rm -rf build build-*
