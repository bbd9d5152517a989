# gild under load: no client notices that it is restarted or reloaded.
# shellcheck shell=bash disable=SC2154

# 200 jobs a second over eight connections, until end_load.
start_load() {
	local said servers=()

	while [ ${#servers[@]} -lt 8 ]; do
		servers+=(127.0.0.1:4453 "unix:$socket")
	done
	mkfifo /tmp/load
	python3 "$tests/load.py" "${servers[@]}" >/tmp/load 2>/tmp/load.errors &
	load=$!
	exec 7</tmp/load
	read -r said <&7
	expect 'what the load says' "$said" 'under load'
}

# Its account is in $account.
end_load() {
	kill -TERM "$load"
	read -r account <&7
	wait "$load" || fail "$account. $(cat /tmp/load.errors)"
	rm /tmp/load
}

# figure NAME: of the account
figure() {
	sed -n "s/.*\\<$1=\\([0-9]*\\).*/\\1/p" <<<"$account"
}

# Whether gild, or the generation that serves, has done so many jobs.
has_done() {
	[ "$(gilctl --json stats | pick 'it["jobs"]["done"]')" -ge "$1" ]
}

scenario_restarts_under_load_refuse_nobody() {
	local i old

	need systemctl enable --now gild.socket
	start_load
	for i in 1 2 3; do
		old=$(master)
		need systemctl restart gild.service
		[ "$(master)" != "$old" ] || fail 'it is the same process'
		await 30 "jobs after restart $i" has_done 100
	done
	end_load
	[ "$(figure reconnects)" -ge 24 ] ||
		fail "three restarts end all of eight connections: $account"
	expect NRestarts "$(property NRestarts)" 0
	found "$account"
}

scenario_ten_reloads_under_load_end_no_connection() {
	local i n pid

	need systemctl enable --now gild.socket
	start_load
	pid=$(master)
	n=$(n_processes)
	for i in 1 2 3 4 5 6 7 8 9 10; do
		need systemctl reload gild.service
		expect 'the generation' "$(generation)" $((i + 1))
	done
	await 30 'jobs of the last generation' has_done 100
	# Connections are handed over while the load goes on, not at its end.
	await 60 'one generation is left' prints "$n" n_processes
	end_load
	expect 'how many connections ended' "$(figure reconnects)" 0
	expect 'how many jobs were refused' "$(figure shutting_down)" 0
	expect MainPID "$(master)" "$pid"
	expect NRestarts "$(property NRestarts)" 0
	found "generation $(generation), $n processes; $account"
}

scenario_the_status_is_live() {
	local i

	need systemctl start gild
	start_load
	for i in 1 2 3; do
		await 20 "status $i" differs "$(property StatusText)" \
			property StatusText
	done
	contains 'the status' "$(property StatusText)" 'clients 8'
	contains 'systemctl status' "$(systemctl status --no-pager gild)" \
		'Status: "Serving: jobs '
	end_load
	await 20 'the figure of jobs that are done' prints \
		"Serving: jobs 0 running, 0 queued, $(figure answered) done; clients 0; generation 1" \
		property StatusText
	found "$(property StatusText)"
}
