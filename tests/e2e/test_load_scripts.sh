#!/bin/bash
# The scripts of tests/load do what the README says of them: each runs as it is,
# against a gild that was started as it says there, and its outputs are whole. One
# of them goes on while gild reloads. And two runs are compared.
#
# Environment: GILD and GILCTL name the programs, srcdir the sources. Exit status
# 77 where there is no python3.

set -u
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1
scripts=$(cd "${srcdir:-.}" && pwd -P)/tests/load
scratch=$(mktemp -d) || exit 2
daemon=''
checks=0
failures=0

clean_up() {
	if [ -n "$daemon" ]; then
		kill -TERM "$daemon"
		wait "$daemon"
	fi 2>/dev/null
	rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

command -v python3 >/dev/null || exit 77
mkdir "$scratch/bin" "$scratch/runs"
ln -s "$(realpath "${GILD:-./gild}")" "$scratch/bin/gild"
ln -s "$(realpath "${GILCTL:-./gilctl}")" "$scratch/bin/gilctl"
export PATH="$scratch/bin:$PATH"

fail() {
	failures=$((failures + 1))
	printf '%s\n' "$*"
}

# expect STATUS TEXT COMMAND...: its exit status, and something that it says
expect() {
	local status=$1 text=$2 said actual

	shift 2
	checks=$((checks + 1))
	said=$(cd "$scratch/runs" && "$@" 2>&1)
	actual=$?
	case $actual:$said in
	"$status":*"$text"*) ;;
	*) fail "$*: status $actual, not $status with \"$text\", and: $said" ;;
	esac
}

start_daemon() {
	local line

	mkfifo "$scratch/stdout"
	gild -l 127.0.0.1:0 >"$scratch/stdout" 2>"$scratch/log" &
	daemon=$!
	exec 3<"$scratch/stdout"
	while read -r -t $((20 * ${GILD_TEST_SCALE:-1})) line <&3; do
		case $line in
		'listening on '*) export GILD_SERVER=127.0.0.1:${line##*:} ;;
		ready) return ;;
		esac
	done
	cat "$scratch/log" >&2
	exit 2
}

# jobs_done: how many, of all that gild has done
jobs_done() {
	gilctl --json stats | sed 's/.*"jobs":{[^}]*"done":\([0-9]*\).*/\1/; s/,.*//'
}

# reload_under_load: once some of the jobs of the run have been done
reload_under_load() {
	local first now

	first=$(jobs_done)
	until now=$(jobs_done) && [ "$now" -gt $((first + 20)) ]; do
		kill -0 "$1" 2>/dev/null || return
	done
	kill -HUP "$daemon"
}

# run_scenario NAME: with all the outputs that there are
run_scenario() {
	local name=$1 run=$scratch/runs/$1 status client

	checks=$((checks + 1))
	gilctl --json load --html "$run.html" --hgrm "$run.hgrm" \
		"$scripts/$name.json" >"$run.json" 2>"$run.err" &
	client=$!
	[ "$name" != restart ] || reload_under_load $client
	wait $client
	status=$?
	[ $status -eq 0 ] ||
		fail "$name.json: exit status $status: $(cat "$run.err")" \
			"$(grep -o '"errors":\[[^]]*\]' "$run.json")"
	python3 "$scripts/outputs.py" "$run.json" "$run.html" "$run.hgrm" ||
		fail "$name.json: its outputs are not whole"
}

start_daemon
for scenario in "$scripts"/*.json; do
	run_scenario "$(basename "$scenario" .json)"
done
expect 0 '"generation":2,' gilctl --json info

expect 0 'jobs done' python3 "$scripts/client.py" --seconds 1
expect 1 'no_such_pool' python3 "$scripts/client.py" --seconds 0.1 --pool none
expect 0 'threads ' sh "$scripts/submit.sh" 100 8
gilctl --csv load -r 200 --for 500ms >"$scratch/runs/series.csv" ||
	fail 'gilctl --csv load failed'
expect 0 '' python3 "$scripts/outputs.py" smoke.json smoke.html smoke.hgrm series.csv
expect 0 '| all ' gilctl --markdown load -r 200 --for 500ms

# Two runs of the same script, of two, and of none.
expect 0 'Throughput: ' gilctl compare-runs smoke.json smoke.json
expect 0 '"verdict":' gilctl --json compare-runs smoke.json smoke.json
expect 0 'p50,' gilctl --csv compare-runs smoke.json smoke.json
expect 0 '### Two load runs' gilctl --markdown compare-runs smoke.json smoke.json
expect 0 'no difference' gilctl compare-runs --no-worse smoke.json smoke.json
expect 2 'phases: 1 and 3' gilctl compare-runs smoke.json ramp.json
expect 0 'Warning: phases: 1 and 3' gilctl compare-runs --force smoke.json ramp.json
expect 2 'No such file' gilctl compare-runs smoke.json none.json
expect 2 'line 1' gilctl compare-runs smoke.json smoke.html
expect 2 'gilctl --json load' gilctl compare-runs - smoke.json <<<'{"version": 1}'
expect 1 'cannot write' gilctl load --html none/page.html -r 10 --for 100ms

kill -TERM "$daemon"
wait "$daemon"
status=$?
daemon=''
checks=$((checks + 1))
[ $status -eq 0 ] || fail "gild ended with status $status: $(cat "$scratch/log")"
! grep -E 'ERROR: |WARNING: Thread|runtime error' "$scratch/log" || failures=$((failures + 1))
echo "$checks checks, $failures failures"
[ $failures -eq 0 ]
