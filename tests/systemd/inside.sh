#!/bin/bash
# inside.sh SCENARIO: runs one scenario of check.sh in the boot that it has for
# itself, as root, after gild has been installed as `make install` does it.
#
# A scenario is a function scenario_NAME in scenarios/*.sh. It is over at the
# first thing that is not as it must be: fail() says what. `found TEXT` is for
# the one line that check.sh prints of it.

set -u
tests=/run/boot/tests
stage=/run/boot/stage
# Of the scenarios.
# shellcheck disable=SC2034
socket=/run/gild/gild.sock

say_state() {
	systemctl status --no-pager --full gild.service gild.socket
	journalctl --no-pager -u gild -u gild.socket -n 60
}

# fail TEXT...: and where the scenario is
fail() {
	local i=0

	while [[ ${FUNCNAME[i + 1]-main} != @(scenario_*|main) ]]; do
		i=$((i + 1))
	done
	echo "FAILED in ${FUNCNAME[i + 1]-$0}, line ${BASH_LINENO[i]-?}: $*"
	say_state
	exit 1
}

found() {
	echo "found: $*"
}

# need COMMAND...: it must succeed; what it says is shown only if it does not
need() {
	local said

	said=$("$@" 2>&1) || fail "$* failed with $?: $said"
}

# refuse COMMAND...: it must fail
refuse() {
	local said

	! said=$("$@" 2>&1) || fail "$* succeeded: $said"
}

# expect NAME IS WANTED: two texts must be the same
expect() {
	[ "$2" = "$3" ] || fail "$1 is \"$2\", and \"$3\" is wanted"
}

# contains NAME TEXT PART
contains() {
	case $2 in
	*"$3"*) ;;
	*) fail "$1 does not have \"$3\": $2" ;;
	esac
}

# property NAME [UNIT]
property() {
	systemctl show --value -p "$1" "${2:-gild.service}"
}

# becomes SECONDS NAME WANTED [UNIT]: waits for a property's value, for which
# systemctl has no waiting of its own.
becomes() {
	local tries=$(($1 * 50))

	while [ "$(property "$2" "${4:-gild.service}")" != "$3" ]; do
		[ $((tries -= 1)) -gt 0 ] || fail "after $1 s $2 is still" \
			"\"$(property "$2" "${4:-gild.service}")\", not \"$3\""
		sleep 0.02
	done
}

# await SECONDS WHAT COMMAND...: until it succeeds
await() {
	local limit=$((SECONDS + $1)) what=$2

	shift 2
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -le $limit ] || fail "waited in vain: $what"
		sleep 0.02
	done
}

# prints TEXT COMMAND...: and it does, for await
prints() {
	[ "$("${@:2}")" = "$1" ]
}

# differs TEXT COMMAND...: it prints something, and something else
differs() {
	local said

	said=$("${@:2}") && [ -n "$said" ] && [ "$said" != "$1" ]
}

# gone PID...: each has ended, whether or not its parent has looked at it
gone() {
	local pid

	for pid; do
		! grep -q . "/proc/$pid/cmdline" 2>/dev/null || return 1
	done
}

# pick EXPRESSION: of the JSON on standard input, which is `it`, in Python. The
# members of a list are lines.
pick() {
	python3 -c 'import json, sys
it = json.load(sys.stdin)
found = eval(sys.argv[1])
print(*(found if isinstance(found, list) else [found]), sep="\n")' "$1"
}

# add UNIT TEXT: a drop-in, as `systemctl edit` would make it
add() {
	mkdir -p "/etc/systemd/system/$1.d"
	printf '%s\n' "$2" >>"/etc/systemd/system/$1.d/test.conf"
	systemctl daemon-reload
}

master() {
	property MainPID
}

# The master, and below it all of gild's processes.
processes() {
	cat "/sys/fs/cgroup$(property ControlGroup)/cgroup.procs"
}

n_processes() {
	processes | wc -l
}

# child KIND NUMBER, or child interpreter POOL: its process
child() {
	gilctl --json stats | pick "[p['pid'] for p in it['processes']
		if p['kind'] == '$1' and '$2' in (str(p['number']), p['pool'])][0]"
}

# options TEXT: what is added to gild's command line
options() {
	add gild.service "[Service]
ExecStart=
ExecStart=/usr/sbin/gild -c /etc/gild.conf $1"
}

# begin NAME ARGUMENT...: a job in the background, by `gilctl submit`; its result
# is found in /tmp/NAME
declare -A jobs=()
begin() {
	local name=$1

	shift
	gilctl --json submit "$@" >"/tmp/$name" 2>&1 &
	jobs[$name]=$!
}

# ended NAME: waits for it, and it must be done
ended() {
	wait "${jobs[$1]}" || fail "the job $1 failed: $(cat "/tmp/$1")"
	expect "the state of $1" "$(pick 'it["state"]' <"/tmp/$1")" 'done'
}

# of NAME WHAT: of its result
of() {
	pick "it['$2']" <"/tmp/$1"
}

# Whether so many jobs are running.
are_running() {
	[ "$(gilctl --json stats | pick 'it["jobs"]["running"]')" -eq "$1" ]
}

generation() {
	gilctl --json info | pick 'it["generation"]'
}

install_gild() {
	cp -a $stage/. / || fail 'cannot install'
	systemd-sysusers || fail 'systemd-sysusers failed'
	# The leak sanitizer traces, which the sandbox forbids, and waits forever.
	add gild.service '[Service]
Environment=ASAN_OPTIONS=detect_leaks=0'
}

for file in "$tests"/scenarios/*.sh; do
	# shellcheck source=/dev/null
	. "$file"
done
[ "$(type -t "scenario_$1")" = function ] || fail "there is no scenario $1"
install_gild
"scenario_$1"
