#!/bin/sh
# The lines between the rooms, held by make check:
#
#   proto/ includes nothing of the project but proto/, and of libevent only its
#   buffers; daemon/ and client/ include themselves and proto/, never each
#   other, and client/libgil/ only itself; within proto/, and among a frontend's
#   parts in daemon/, nothing includes what stands above it; the lock
#   (daemon/gil*.[ch]) includes only daemon/clock.h, its events' ring, and what
#   proto/ says of locks; a .c file includes its own header first, or that of
#   the files that it is one of (NAME_private.h); every header compiles alone; no
#   file names the folder that it was built in.
#
# Environment: srcdir; CC and CPPFLAGS for the headers. Prints each breach as
# FILE:LINE: what is wrong, and exits with 1 when there was one.

set -u
cd "${srcdir:-.}" || exit 2
root=$(pwd -P)
breaches=$(mktemp) || exit 2
trap 'rm -f "$breaches"' EXIT
CC=${CC:-cc}
CPPFLAGS=${CPPFLAGS:-}

breach() {
	printf '%s\n' "$*" >>"$breaches"
}

# sources FOLDER...: its C files
sources() {
	for folder; do
		[ -d "$folder" ] && find "$folder" -name '*.[ch]' -type f
	done | LC_ALL=C sort
}

# includes FILE: LINE:"path" or LINE:<path>, one a line
includes() {
	sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*\([<"][^>"]*[>"]\).*/\1/
		t found
		b
		:found
		=
		p' "$1" | paste -d: - -
}

# allow FOLDER PATTERN: what its "..." includes may be
allow() {
	for file in $(sources "$1"); do
		for include in $(includes "$file"); do
			path=${include#*:}
			case $path in
			\<*) continue ;;
			esac
			path=${path#\"}
			path=${path%\"}
			printf '%s\n' "$path" | grep -Eqx "$2" ||
				breach "$file:${include%%:*}: $1/ may not include $path"
		done
	done
}

allow proto '(proto/.*|config\.h)'
allow daemon '((daemon|proto)/.*|config\.h)'
allow client '((client|proto)/.*|config\.h)'
allow client/libgil 'client/libgil/.*'

for file in $(sources proto); do
	for include in $(includes "$file"); do
		case ${include#*:} in
		"<event2/buffer.h>") ;;
		"<event2/"* | "<event.h>" | "<sys/socket.h>")
			breach "$file:${include%%:*}: proto/ knows libevent's" \
				"buffers, not ${include#*:}"
			;;
		esac
	done
done

# stack FOLDER NAME...: the lowest first; none may include what stands above it
stack() {
	folder=$1
	shift
	above=" $* "
	for part; do
		above=${above#" $part"}
		for file in "$folder/$part.h" "$folder/$part.c"; do
			[ -f "$file" ] || continue
			for include in $(includes "$file"); do
				path=${include#*:\"}
				name=${path#"$folder/"}
				case $above in
				*" ${name%.h\"} "*)
					breach "$file:${include%%:*}: $part.c stands below" \
						"${path%\"}"
					;;
				esac
			done
		done
	done
}

# names STACK NAME: whether the one has the other
names() {
	case " $1 " in
	*" $2 "*) ;;
	*) return 1 ;;
	esac
}

proto_stack='nearest rpcerror frame jsonrpc jobid params member request'
proto_stack="$proto_stack histogram lockrecord lockevent lockwire result record"
# The list is a list of words.
# shellcheck disable=SC2086
stack proto $proto_stack
for file in $(sources proto); do
	name=${file#proto/}
	names "$proto_stack" "${name%.[ch]}" ||
		breach "$file:1: has no place in the stack of proto/"
done

# The frontend's parts are those that daemon/frontend.h lists; that header is
# the ground on which all of them stand.
if [ -f daemon/frontend.h ]; then
	# shellcheck disable=SC2046
	set -- $(sed -n 's/^ \*	\([a-z_]*\)\.c .*/\1/p' daemon/frontend.h |
		grep -vx frontend)
	[ $# -gt 1 ] || breach 'daemon/frontend.h:1: lists no parts'
	stack daemon "$@"
fi

for file in daemon/gil*.[ch] daemon/event_ring.[ch]; do
	[ -f "$file" ] || continue
	[ "$file" != daemon/gild.c ] || continue
	for include in $(includes "$file"); do
		case ${include#*:} in
		\"daemon/clock.h\" | \"daemon/gil*.h\" | \"config.h\" | \<*) ;;
		\"daemon/event_ring.h\" | \"proto/lockevent.h\") ;;
		\"proto/lockrecord.h\" | \"proto/histogram.h\") ;;
		*) breach "$file:${include%%:*}: the lock stands alone, without" \
			"${include#*:}" ;;
		esac
	done
done

for file in $(sources proto daemon client); do
	case $file in
	*.c) [ -f "${file%.c}.h" ] || continue ;;
	*) continue ;;
	esac
	first=$(includes "$file" | grep -v '"config.h"' | head -n 1)
	case ${first#*:} in
	"\"${file%.c}.h\"" | "\"${file%.c}_private.h\"") ;;
	*) breach "$file:${first%%:*}: the first include is its own header" ;;
	esac
done

headers=0
for file in $(sources proto daemon client tests); do
	case $file in
	*.h) headers=$((headers + 1)) ;;
	*) continue ;;
	esac
	# CC and CPPFLAGS are lists of words.
	# shellcheck disable=SC2086
	said=$(printf '#include "%s"\n' "$file" |
		(cd "$OLDPWD" && $CC $CPPFLAGS -I"$root" -std=gnu11 -Wall -Wextra \
			-Werror -fsyntax-only -x c -) 2>&1) ||
		breach "$file:1: does not compile alone
$said"
done

# A root like /src is too short to be told from honest text.
case $root in
/*/*)
	grep -rnIF "$root" proto daemon client tests systemd ./*.md quickstart \
		.ci Makefile.am configure.ac --exclude-dir=.deps --exclude='*.log' \
		2>/dev/null | while IFS=: read -r file line _; do
		breach "$file:$line: names the folder it was built in"
	done
	;;
esac

if [ -s "$breaches" ]; then
	cat "$breaches" >&2
	echo "$(grep -c '^[a-z].*:[0-9]*: ' "$breaches") breaches" >&2
	exit 1
fi
echo "$(sources proto daemon client tests | wc -l) files," \
	"$headers headers alone, no breach"
