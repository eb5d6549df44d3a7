# SPDX-License-Identifier: Apache-2.0
#
# The front door: each target installs what is missing, builds what has changed, and runs. `make help` lists them.
# Everything else - presets, tests, options - is plain CMake: see CONTRIBUTING.md.
SHELL := bash
.DEFAULT_GOAL := help
PREFIX ?= /usr/local
# Options for the program that a target runs: make demo ARGS="--kills 1000 --seed 7"
ARGS ?=

.PHONY: help demo test crash bench torture otp asan tsan check format install clean

help:
	@sed -n 's/^##\? *\([a-z]*\): /  make \1\t/p' Makefile | expand -t 17

## demo: a table survives hundreds of kills of its owner, on real text
demo:
	@tools/setup build
	@tools/build release apps/heirloom/all
	build/release/apps/heirloom/heirloom demo $(ARGS)

## test: everything that must hold before a push; CI runs the same. The unit tests run under the sanitizers too
test:
	@tools/setup build test
	@tools/test release asan-unit tsan-unit

## crash: programs killed at every instruction, as g++ and then clang compile them; prints what docs/recovery.md has
crash:
	@tools/setup build test
	@for preset in release clang; do \
	  tools/build $$preset heirloom_crash_test && \
	  build/$$preset/tests/crash/heirloom_crash_test --gtest_brief=1 $(ARGS) || exit 1; \
	done

## bench: speed beside absl, tbb, LMDB and Erlang's ets
bench:
	@tools/setup build test bench
	@tools/build bench
	bench/run build/bench $(ARGS)

## torture: processes killed 10,000 times on tables of each kind, then fuzzers and Erlang for hours; ARGS=--storms: the kills alone
torture:
	@tools/setup build test
	@tools/torture $(ARGS)

## otp: OTP's own tests of ets, taken from Debian's source package, against the binding for Erlang; ARGS: the cases
otp:
	@tools/setup build test otp
	@tools/build release heirloom_nif
	QUICK=$${QUICK-1} bindings/erlang/test/otp/run build/release/tests/erlang/heirloom $(ARGS)

## asan: all tests under AddressSanitizer and UndefinedBehaviorSanitizer, but for those that step through a process
asan:
	@tools/setup build test
	@tools/test asan

## tsan: the tests under ThreadSanitizer, which sees what threads of one process do to each other
tsan:
	@tools/setup build test
	@tools/test tsan

## check: the rules of the house: include directions, headers, licence lines, format
check:
	@tools/setup build test format
	@tools/check

## format: lay out all C++ sources as .clang-format says
format:
	@tools/setup format
	@tools/format

## install: the library, its headers, the command line and the CMake package, to PREFIX (default /usr/local)
install:
	@tools/setup build
	@tools/build release heirloom apps/heirloom/all
	cmake --install build/release --prefix $(PREFIX)

## clean: remove everything that was built
clean:
	rm -rf build
