#!/bin/bash
# libgil as a stranger gets it: installed into a folder, found by pkg-config,
# and linked by a program that knows nothing of this tree. Then the example runs
# against a gild, and the library shows the names of gil.h and no others.
#
# Environment: GILD names the program, srcdir and builddir the trees, CC the
# compiler, CHECKING_CFLAGS what a program must be built with to load this build.

set -u
export LC_ALL=C
srcdir=$(cd "${srcdir:-.}" && pwd -P) || exit 2
scratch=$(mktemp -d) || exit 2
daemon=''
checks=0
failures=0

clean_up() {
	[ -z "$daemon" ] || kill -KILL "$daemon" 2>/dev/null
	rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# check TEXT COMMAND...: quiet where it is content
check() {
	local text=$1 said

	shift
	checks=$((checks + 1))
	said=$("$@" 2>&1) && return
	failures=$((failures + 1))
	printf '%s: no. It said:\n%s\n' "$text" "$said"
	return 1
}

# From a make of its own: how the one that runs this is run is not its affair.
install() {
	(
		unset MAKEFLAGS MFLAGS MAKELEVEL
		make -C "${builddir:-.}" DESTDIR="$scratch/root" \
			install-libLTLIBRARIES install-includeHEADERS \
			install-nodist_pkgconfigDATA
	)
}

compile() {
	local flags

	export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$scratch/root
	flags=$(pkg-config --cflags --libs libgil) || return
	# Each is a list of words.
	# shellcheck disable=SC2086
	(cd "$scratch" && ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror \
		${CHECKING_CFLAGS-} example.c $flags -o example)
}

# As another compiler of another language reads it.
compile_as_cxx() {
	printf '#include <gil.h>\nint main() { return gil_connect(0, 0) != 0; }\n' |
		"${CXX:-c++}" -x c++ -Wall -Wextra -Werror -fsyntax-only \
			-I"${header%/*}" -
}

# The functions that the header declares, and those that the library defines.
compare_names() {
	"${CC:-cc}" -E -P "$header" | tr '\n' ' ' | grep -o '\bgil_[a-z_]* *(' |
		tr -d '( ' | sort -u >"$scratch/declared"
	nm -D --defined-only "$library" | awk '{ print $NF }' | sort -u |
		diff "$scratch/declared" - && [ -s "$scratch/declared" ]
}

start_daemon() {
	local line

	mkfifo "$scratch/stdout"
	"$GILD" -l 127.0.0.1:0 >"$scratch/stdout" 2>"$scratch/log" &
	daemon=$!
	exec 3<"$scratch/stdout"
	while read -r -t $((20 * ${GILD_TEST_SCALE:-1})) line <&3; do
		case $line in
		'listening on '*) address=${line#listening on } ;;
		ready) return ;;
		esac
	done
	cat "$scratch/log" >&2
	echo 'gild did not start' >&2
	exit 1
}

run_example() {
	LD_LIBRARY_PATH=${library%/*} timeout $((60 * ${GILD_TEST_SCALE:-1})) \
		"$scratch/example" "$address" >"$scratch/said"
	cat "$scratch/said"
	[ "$(grep -c '^job [0-9]* done: queued [0-9]* us, ran ' "$scratch/said")" -eq 10 ]
}

command -v pkg-config >/dev/null || {
	echo 'skipped: pkg-config is not installed'
	exit 77
}
cp "$srcdir/client/libgil/example.c" "$scratch" || exit 2
check 'it can be installed' install
# Wherever in it the prefix is.
pc=$(find "$scratch/root" -name libgil.pc)
header=$(find "$scratch/root" -name gil.h)
library=$(find "$scratch/root" -name libgil.so.0)
check 'the description is there' test -f "$pc"
check 'the header is there' test -f "$header"
check 'the library is there' test -e "$library"
check 'the example can be compiled' compile
check 'it shows the names of gil.h and no others' compare_names
! command -v "${CXX:-c++}" >/dev/null ||
	check 'C++ can include it' compile_as_cxx
start_daemon
check 'the example runs ten jobs' run_example
checks=$((checks + 1))
kill -TERM "$daemon"
wait "$daemon" || {
	failures=$((failures + 1))
	echo "gild did not stop as it should"
	cat "$scratch/log"
}
daemon=''
echo "$checks checks, $failures failures"
[ $failures -eq 0 ]
