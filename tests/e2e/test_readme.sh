#!/bin/bash
# README.md keeps its word: each block of it that a comment marks with
#
#   <!-- run[ with PROGRAM][ where PROGRAM is], says: TEXT -->
#
# is run as it is written, in a folder with the sources' tests/ in it, against a
# private gild, and must succeed and say TEXT. The daemon has the example
# configuration, a store, and a port of its own, so 4453 is read as that port. A
# block whose PROGRAM is not installed, be it run with it or running it, is
# skipped, and counted as such. Files that it links to, and targets of make that
# it names, must exist.
#
# Environment: GILD and GILCTL name the programs, srcdir the sources.

set -u
export LC_ALL=C
readme=${srcdir:-.}/README.md
scratch=$(mktemp -d) || exit 2
daemon=''
checks=0
failures=0
skipped=0

clean_up() {
	local tenths=400

	if [ -n "$daemon" ]; then
		kill -TERM "$daemon"
		while kill -0 "$daemon" && [ $((tenths -= 1)) -gt 0 ]; do
			sleep 0.1
		done
		kill -KILL "$daemon"
		wait "$daemon"
	fi 2>/dev/null
	rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The blocks, as files NUMBER.block whose first line is the marker's text.
extract() {
	awk -v folder="$scratch" '
		/^<!-- run.* -->$/ {
			file = sprintf("%s/%02d.block", folder, ++n)
			sub(/^<!-- run,? ?/, ""); sub(/ -->$/, "")
			print > file
			next
		}
		/^```/ && file != "" {
			if (inside) file = ""
			inside = !inside
			next
		}
		file != "" && inside { print > file }
	' "$readme"
}

start_daemon() {
	local line

	mkfifo "$scratch/stdout"
	mkdir "$scratch/state"
	"$GILD" -c "${srcdir:-.}/systemd/gild.conf" -l 127.0.0.1:0 \
		-o state_dir="$scratch/state" \
		>"$scratch/stdout" 2>"$scratch/log" &
	daemon=$!
	exec 3<"$scratch/stdout"
	while read -r -t $((20 * ${GILD_TEST_SCALE:-1})) line <&3; do
		case $line in
		'listening on '*) port=${line##*:} ;;
		ready) return ;;
		esac
	done
	cat "$scratch/log" >&2
	echo 'gild did not start' >&2
	exit 1
}

# check_links: [text](FILE), and `make TARGET` where there is a Makefile.
check_links() {
	local name

	for name in $(grep -o '](\([A-Za-z][A-Za-z/._]*\))' "$readme" |
		tr -d '()]'); do
		checks=$((checks + 1))
		[ -e "${srcdir:-.}/$name" ] && continue
		failures=$((failures + 1))
		echo "README.md links to $name, which is not there"
	done
	[ -f Makefile ] || return 0
	# shellcheck disable=SC2016 # these backquotes are Markdown's
	for name in $(tr '\n' ' ' <"$readme" | grep -o '`make [a-z-]*`' |
		tr -d '`' | sed 's/^make //'); do
		checks=$((checks + 1))
		grep -q "^$name:" Makefile && continue
		failures=$((failures + 1))
		echo "README.md names \"make $name\", which is no target"
	done
}

# run_block FILE
run_block() {
	local marker program=bash needed says said status

	marker=$(head -n 1 "$1")
	says=${marker#*says: }
	case $marker in
	'with python3'*) program=python3 ;;
	esac
	needed=$program
	case $marker in
	'with nc'*) needed=nc ;;
	'where '*) needed=${marker#where } ;;
	esac
	if ! command -v "${needed%% *}" >/dev/null; then
		skipped=$((skipped + 1))
		return
	fi
	checks=$((checks + 1))
	tail -n +2 "$1" | sed "s/4453/$port/g" >"$scratch/script"
	said=$(cd "$scratch" && timeout $((60 * ${GILD_TEST_SCALE:-1})) \
		$program "$scratch/script" 2>&1)
	status=$?
	case $status:$said in
	0:*"$says"*) ;;
	*)
		failures=$((failures + 1))
		printf 'this ends with status %d and should say "%s":\n' \
			$status "$says"
		tail -n +2 "$1"
		printf 'it says:\n%s\n' "$said"
		;;
	esac
}

mkdir "$scratch/bin"
ln -s "$GILD" "$scratch/bin/gild"
ln -s "$GILCTL" "$scratch/bin/gilctl"
ln -s "$(realpath "${srcdir:-.}")/tests" "$scratch/tests"
export PATH="$scratch/bin:$PATH"
extract
check_links
start_daemon
export GILD_SERVER=127.0.0.1:$port
for block in "$scratch"/*.block; do
	run_block "$block"
done

kill -TERM "$daemon"
wait "$daemon"
status=$?
daemon=''
checks=$((checks + 1))
if [ $status -ne 0 ] || grep -E 'ERROR: |WARNING: Thread|runtime error' "$scratch/log"; then
	failures=$((failures + 1))
	echo "gild ended with status $status"
	cat "$scratch/log"
fi
echo "$checks checks, $failures failures"
[ $skipped -eq 0 ] || echo "$skipped blocks skipped: nc or python3 is missing"
[ $failures -eq 0 ] && [ $checks -gt 1 ]
