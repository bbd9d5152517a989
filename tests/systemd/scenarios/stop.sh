# Starting and stopping gild.service: what systemd is told, and how long it waits.
# shellcheck shell=bash disable=SC2154

# Each process serves in the moment in which systemctl returns.
scenario_started_means_that_all_serve() {
	local i states

	for i in 1 2 3 4 5; do
		need systemctl start gild
		states=$(gilctl --json stats |
			pick '[p["state"] for p in it["processes"]]') ||
			fail 'the first connection was not served'
		expect 'the states' "$(sort -u <<<"$states")" ready
		expect SubState "$(property SubState)" running
		need systemctl stop gild
	done
	found "$(wc -l <<<"$states") processes, $i times"
}

scenario_what_outlasts_the_drain_is_cancelled() {
	local name

	options '-o drain_timeout=1s'
	need systemctl start gild
	begin forever -p threads -w 2 --cost 1000 1G
	begin and_ever -p processes --cost 1000 1G
	await 20 'both run' are_running 2
	need systemctl stop gild
	for name in forever and_ever; do
		! wait "${jobs[$name]}" || fail "the job $name is done"
		expect "the state of $name" "$(of "$name" state)" cancelled
	done
	expect Result "$(property Result)" success
	expect ActiveState "$(property ActiveState)" inactive
	expect ExecMainStatus "$(property ExecMainStatus)" 0
	contains 'the log' "$(journalctl --no-pager -u gild)" drain_timeout
	found "$(of forever reason)"
}

# systemd would kill it after a second: EXTEND_TIMEOUT_USEC= keeps it from that.
scenario_a_drain_may_outlast_the_stop_timeout() {
	options '-o drain_timeout=60s
TimeoutStopSec=1s'
	need systemctl start gild
	begin long -p hold --profile io --io-every 1 --io-for 1M 3
	await 20 'it runs' are_running 1
	need systemctl stop gild
	ended long
	expect Result "$(property Result)" success
	expect ExecMainStatus "$(property ExecMainStatus)" 0
	found "a job of $(pick 'it["timing"]["wall_ns"] // 10 ** 6' </tmp/long) ms"
}

# The first part of the status.
what_it_does() {
	property StatusText | sed 's/,.*//'
}

scenario_stopping_is_told() {
	need systemctl start gild
	begin job -p hold --profile io --io-every 1 --io-for 500k 3
	await 20 'it runs' are_running 1
	need systemctl stop --no-block gild
	await 20 'the status of a drain' prints 'Stopping: jobs 1 running' \
		what_it_does
	expect ActiveState "$(property ActiveState)" deactivating
	found "$(property StatusText)"
	ended job
	becomes 20 ActiveState inactive
	expect Result "$(property Result)" success
}
