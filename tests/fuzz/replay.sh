#!/bin/sh
# Replays the corpus of each fuzz target. Environment: srcdir and builddir as
# make gives them. The option is libFuzzer's, for builds with --enable-fuzzing:
# run what is there, invent nothing. Ends with what each target says.

failures=0
for target in configuration frame frontend jsonrpc lockevent reply request result \
	store; do
	"${builddir:-.}/tests/fuzz/fuzz_$target" -runs=0 \
		"${srcdir:-.}/tests/fuzz/corpus/$target" ||
		failures=$((failures + 1))
done
exit $((failures > 0))
