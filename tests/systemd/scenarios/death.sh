# What dies, is stopped or hangs under gild.service, and what becomes of the
# jobs, the clients and the service.
# shellcheck shell=bash disable=SC2154

# The process of a pool that has a task.
busy() {
	gilctl --json stats | pick "[e['pid'] for p in it['pools']
		if p['name'] == '$1' for e in p['executors']
		if e['state'] == 'busy'][0]"
}

# One job in each of the pools, and two in processes, all running.
begin_all() {
	begin threads -p threads -w 2 --cost 1000 600k
	begin fair -p fair -w 2 --cost 1000 600k
	begin one -p processes --cost 1000 600k
	begin other -p processes --cost 1000 600k
	await 20 'four jobs run' are_running 4
}

pids_of() {
	pick '[task["pid"] for task in it["tasks"]]' <"/tmp/$1" | sort -u
}

states() {
	gilctl --json stats | pick '[p["state"] for p in it["processes"]]' | sort -u
}

# survives PID: all have ended, those that it ran in their second start, and
# others as if nothing had happened.
survives() {
	local name again=()

	for name in threads fair one other; do
		ended "$name"
		case $(of "$name" attempts) in
		1) ;;
		2)
			again+=("$name")
			[[ $'\n'$(pids_of "$name")$'\n' != *$'\n'"$1"$'\n'* ]] ||
				fail "$name has a task that ended in $1, which is dead"
			;;
		*) fail "$name took $(of "$name" attempts) starts" ;;
		esac
	done
	expect 'how many jobs were started again' ${#again[@]} 1
	lost=${again[0]}
	# By its fields, not by its words.
	journalctl -q --no-pager -u gild -o cat "PID=$1" "POOL=$(of "$lost" pool)" \
		"JOB=$(of "$lost" job)" | grep -q 'run again' ||
		fail "the log does not tell of $1 and the job $(of "$lost" job)"
	journalctl -q --no-pager -u gild -o cat -p warning "PID=$1" |
		grep -q 'replacing it' || fail "the log does not tell of $1"
	expect NRestarts "$(property NRestarts)" 0
	expect ActiveState "$(property ActiveState)" active
	await 20 'all processes are back' prints ready states
	need gilctl submit -p threads -w 2 100k
	need gilctl submit -p processes -w 2 100k
}

scenario_a_killed_worker_harms_no_other() {
	local victim

	need systemctl start gild
	begin_all
	victim=$(busy processes)
	kill -KILL "$victim"
	survives "$victim"
	expect 'the pool of the job that was lost' "$(of "$lost" pool)" processes
	found "the job $lost was run again"
}

scenario_a_killed_interpreter_harms_no_other() {
	local victim

	need systemctl start gild
	begin_all
	victim=$(child interpreter threads)
	kill -KILL "$victim"
	survives "$victim"
	expect 'the job that was lost' "$lost" threads
	found "the job $lost was run again"
}

# clients_of PID: how many TCP connections it serves. Port 4453 is 1165.
clients_of() {
	awk 'NR == FNR { own[$1]; next }
		$2 ~ /:1165$/ && $4 == "01" && $10 in own { n++ }
		END { print n + 0 }' \
		<(readlink "/proc/$1"/fd/* | sed -n 's/^socket:\[\(.*\)\]$/\1/p') \
		/proc/net/tcp
}

n_unfinished() {
	gilctl --json stats | pick 'it["jobs"]["running"] + it["jobs"]["queued"]'
}

scenario_a_killed_frontend_harms_no_other() {
	local victim theirs name n=0 lost=0 done=0

	need systemctl start gild
	victim=$(child frontend 0)
	# Whom the kernel gives a client to is its own choice.
	until [ $n -ge 6 ] && [ "$(clients_of "$victim")" -gt 0 ] &&
		[ "$(clients_of "$victim")" -lt $n ]; do
		[ $((n += 1)) -le 60 ] || fail 'one frontend has all clients'
		begin "job$n" -p hold --profile io --io-every 1 --io-for 100000 20
	done
	await 20 'the jobs are taken' prints $n n_unfinished
	theirs=$(clients_of "$victim")
	kill -KILL "$victim"
	for name in "${!jobs[@]}"; do
		if wait "${jobs[$name]}"; then
			expect "the state of $name" "$(of "$name" state)" 'done'
			expect "the attempts of $name" "$(of "$name" attempts)" 1
			done=$((done + 1))
		else
			lost=$((lost + 1))
		fi
	done
	expect 'how many clients were lost' $lost "$theirs"
	journalctl -q --no-pager -u gild -o cat -p warning "PID=$victim" |
		grep -q 'replacing it' || fail "the log does not tell of $victim"
	expect NRestarts "$(property NRestarts)" 0
	[ "$(child frontend 0)" != "$victim" ] || fail 'it is not replaced'
	need gilctl submit -p threads -w 2 100k
	found "its $lost clients lost, $done others served"
}

# Clients that connect while nobody serves, and wait.
begin_queued() {
	begin "tcp$1" -s 127.0.0.1:4453 -p threads -w 2 100k
	begin "unix$1" -s "unix:$socket" -p processes -w 2 100k
}

scenario_a_killed_master_refuses_nobody() {
	local name old killed

	add gild.service '[Service]
RestartSec=1s'
	need systemctl enable --now gild.socket
	need gilctl ping
	old=$(processes)
	killed=$(master)
	kill -KILL "$killed"
	await 10 'the end of the master' test ! -d "/proc/$killed"
	begin_queued 1
	becomes 20 NRestarts 1
	begin_queued 2
	for name in "${!jobs[@]}"; do
		ended "$name"
	done
	becomes 20 ActiveState active
	# shellcheck disable=SC2086 # a list
	gone $old || fail 'some of the old processes are left'
	found "${#jobs[@]} clients waited, and none was refused"
}

scenario_a_stopped_worker_is_replaced() {
	local victim

	options '-o heartbeat_timeout=1s'
	need systemctl start gild
	begin_all
	victim=$(busy processes)
	kill -STOP "$victim"
	survives "$victim"
	journalctl -q --no-pager -u gild -o cat "PID=$victim" |
		grep -q 'no sign of life' || fail 'the log does not say why'
	found "the job $lost was run again"
}

scenario_a_stopped_interpreter_is_replaced() {
	local victim

	options '-o heartbeat_timeout=1s'
	need systemctl start gild
	begin_all
	victim=$(child interpreter threads)
	kill -STOP "$victim"
	survives "$victim"
	expect 'the job that was lost' "$lost" threads
	journalctl -q --no-pager -u gild -o cat "PID=$victim" |
		grep -q 'no sign of life' || fail 'the log does not say why'
	found "the job $lost was run again"
}

scenario_a_stopped_frontend_is_replaced() {
	local victim

	options '-o heartbeat_timeout=1s'
	need systemctl start gild
	victim=$(child frontend 1)
	kill -STOP "$victim"
	await 20 'another frontend 1' differs "$victim" child frontend 1
	journalctl -q --no-pager -u gild -o cat "PID=$victim" |
		grep -q 'no sign of life' || fail 'the log does not say why'
	expect NRestarts "$(property NRestarts)" 0
	need gilctl submit -p threads -w 2 100k
}

# A child that is silent makes the master withhold WATCHDOG=1. Here it would be
# replaced only when systemd has lost its patience; as it is by default, before.
scenario_a_silent_child_is_the_watchdogs_at_last() {
	local old

	options '-o heartbeat_timeout=8s
WatchdogSec=2s'
	need systemctl start gild
	old=$(processes)
	kill -STOP "$(child worker 0)"
	becomes 30 NRestarts 1
	becomes 30 ActiveState active
	contains 'the log' "$(journalctl --no-pager -u gild)" 'Watchdog timeout'
	# shellcheck disable=SC2086 # a list
	gone $old || fail 'some of the old processes are left'
	need gilctl submit -p processes -w 2 100k
}

scenario_a_silent_child_is_replaced_before_the_watchdog_acts() {
	local victim kind which

	options '-o heartbeat_timeout=1s
WatchdogSec=5s'
	need systemctl start gild
	while read -r kind which; do
		victim=$(child "$kind" "$which")
		kill -STOP "$victim"
		await 20 "another $kind $which" differs "$victim" \
			child "$kind" "$which"
	done <<-CHILDREN
		frontend 0
		worker 0
		interpreter hold
	CHILDREN
	expect NRestarts "$(property NRestarts)" 0
	expect ActiveState "$(property ActiveState)" active
	need gilctl submit -p processes -w 2 100k
}

scenario_a_stopped_master_is_the_watchdogs() {
	local old

	add gild.service '[Service]
WatchdogSec=2s
RestartSec=1s'
	need systemctl enable --now gild.socket
	need gilctl ping
	old=$(processes)
	kill -STOP "$(master)"
	becomes 30 NRestarts 1
	begin_queued 1
	ended tcp1
	ended unix1
	becomes 20 ActiveState active
	contains 'the log' "$(journalctl --no-pager -u gild)" 'Watchdog timeout'
	# shellcheck disable=SC2086 # a list
	gone $old || fail 'some of the old processes are left'
	found 'two clients waited, and none was refused'
}
