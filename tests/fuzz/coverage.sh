#!/bin/sh
# What the fuzz targets reach: a table of the lines of proto/, of what reads
# replies in libgil, of a frontend's parts in daemon/, and of the options, that
# the corpora run through. Builds in a folder of its own, with clang;
# llvm-profdata and llvm-cov are needed.
#
#	tests/fuzz/coverage.sh [FOLDER]
#
# FOLDER holds a corpus for each target, as tests/fuzz/corpus does, which is
# what is run without it.

set -eu
root=$(cd "$(dirname "$0")/../.." && pwd -P)
corpora=$(cd "${1:-$root/tests/fuzz/corpus}" && pwd -P)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

"$root/configure" CC=clang \
	CFLAGS='-O1 -g -fprofile-instr-generate -fcoverage-mapping' \
	>configure.log || { cat configure.log && exit 1; }
set --
for corpus in "$corpora"/*/; do
	set -- "$@" "tests/fuzz/fuzz_$(basename "$corpus")"
done
make "$@" >make.log 2>&1 || { cat make.log && exit 1; }
for target; do
	LLVM_PROFILE_FILE=${target##*/}.profraw "$target" \
		"$corpora/${target##*fuzz_}" >replay.log 2>&1 ||
		{ tail -n 20 replay.log && exit 1; }
done
llvm-profdata merge -o all.profdata ./*.profraw

# The frontend's parts are those that its header lists.
parts=$(sed -n "s|^ \*	\([a-z_]*\)\.c .*|$root/daemon/\1.c|p" \
	"$root/daemon/frontend.h")
first=$1
shift
for target; do
	shift
	set -- "$@" -object "$target"
done
# The list of parts is a list of words.
# shellcheck disable=SC2086
llvm-cov report "$first" "$@" -instr-profile=all.profdata \
	-show-region-summary=0 -show-branch-summary=0 \
	"$root"/proto/*.c "$root"/client/libgil/reply.c \
	"$root"/client/libgil/scan.c $parts "$root"/daemon/methods_server.c \
	"$root"/daemon/pool_set.c "$root"/daemon/report_lock.c \
	"$root"/daemon/lock_events.c "$root"/daemon/packet.c \
	"$root"/daemon/recovery.c "$root"/daemon/slot.c \
	"$root"/daemon/configuration.c "$root"/daemon/option*.c |
	sed "s|^$root/||; /^-*$/d"
