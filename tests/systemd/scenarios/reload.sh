# Reloading gild.service, and restarting it, with configurations good and bad.
# shellcheck shell=bash disable=SC2154

# What the log says of what failed, so far.
n_unchanged() {
	journalctl -q --no-pager -u gild -o cat | grep -c 'nothing was reloaded'
}

scenario_a_broken_file_changes_nothing() {
	local where before said how

	need systemctl start gild
	need gilctl ping
	begin job -p processes --cost 1000 1M
	await 20 'the job runs' are_running 1
	before=$(processes)
	echo 'frontend = 2' >>/etc/gild.conf
	where="/etc/gild.conf:$(wc -l </etc/gild.conf): "
	refuse systemctl reload gild
	contains 'the log' "$(journalctl --no-pager -u gild)" \
		"nothing was reloaded: $where"
	contains 'systemctl status' "$(systemctl status --no-pager -l gild)" "$where"
	said=$(gilctl reload 2>&1) && fail "gilctl reload succeeded: $said"
	contains 'gilctl reload' "$said" "$where"
	kill -HUP "$(master)"
	await 20 'SIGHUP is answered' prints 3 n_unchanged
	expect ActiveState "$(property ActiveState)" active
	expect SubState "$(property SubState)" running
	expect 'the generation' "$(generation)" 1
	expect 'the processes' "$(processes)" "$before"
	ended job
	expect 'its attempts' "$(pick 'it["attempts"]' </tmp/job)" 1
	# And corrected, both ways.
	sed -i '$d' /etc/gild.conf
	need systemctl reload gild
	expect 'the generation' "$(generation)" 2
	kill -HUP "$(master)"
	await 20 'SIGHUP reloads' prints 3 generation
	need gilctl submit -p threads -w 2 100k
	how=$(sed -n 's/.*\(frontend\b.*\)/\1/p' <<<"$said" | head -n 1)
	found "gild.conf:${where#*:}$how"
}

pools() {
	gilctl --json pools |
		pick '["%s=%d" % (p["name"], p["size"]) for p in it["pools"]]' |
		paste -sd ' '
}

scenario_a_reload_changes_the_pools() {
	local pools said

	need systemctl start gild
	pools=$(pools)
	contains 'the pools' " $pools " ' threads=4 '
	contains 'the pools' " $pools " ' hold='
	# One that runs in what is removed ends as it would have.
	begin job -p hold --cost 1000 1M
	await 20 'the job runs' are_running 1
	sed -i '/^pool "threads"/,/^}/ s/^#\tsize = 4/\tsize = 6/
		/^pool "hold"/,/^}/ d' /etc/gild.conf
	printf 'pool "extra" {\n\tkind = processes\n\tsize = 3\n}\n' >>/etc/gild.conf
	need systemctl reload gild
	pools=$(pools)
	contains 'the pools' " $pools " ' threads=6 '
	contains 'the pools' " $pools " ' extra=3 '
	[[ " $pools " != *' hold='* ]] || fail "hold is still there: $pools"
	said=$(gilctl submit -p hold 1k 2>&1) && fail "hold took a job: $said"
	contains 'what it says' "$said" hold
	need gilctl submit -p extra -w 3 100k
	need gilctl submit -p threads -w 6 100k
	expect 'the threads' "$(gilctl --json stats | pick '[
		len(p["executors"]) for p in it["pools"] if p["name"] == "threads"]')" 6
	ended job
	expect 'where it ran' "$(pick 'it["pool"]' </tmp/job)" hold
	await 30 'the old generation is gone' prints \
		$((2 + $(gilctl --json stats | pick 'len(it["processes"])'))) n_processes
	found "$pools"
}

scenario_who_cannot_live_is_given_up() {
	need systemctl enable --now gild.socket
	need gilctl ping
	echo 'frontend = 2' >>/etc/gild.conf
	refuse systemctl restart gild.service
	becomes 60 ActiveState failed gild.socket
	expect 'why gild.socket failed' "$(property Result gild.socket)" \
		service-start-limit-hit
	sed -i '$d' /etc/gild.conf
	# The way back that gild.service describes.
	need systemctl reset-failed gild
	need systemctl start gild.socket
	need gilctl submit -p threads -w 2 100k
	found "after $(journalctl -q --no-pager -u gild -o cat |
		grep -c 'frontend = 2\|unknown option') attempts"
}

scenario_a_wrong_restart_is_corrected() {
	local server name n=0

	need systemctl enable --now gild.socket
	need gilctl ping
	# However long the correction takes: as it is, ten failures in a minute
	# are the end, of gild.socket too.
	add gild.service '[Unit]
StartLimitIntervalSec=0'
	echo 'frontend = 2' >>/etc/gild.conf
	refuse systemctl restart gild.service
	contains 'the log' "$(journalctl --no-pager -u gild)" \
		"/etc/gild.conf:$(wc -l </etc/gild.conf): "
	for server in 127.0.0.1:4453 "unix:$socket" 127.0.0.1:4453 "unix:$socket"; do
		begin "job$((n += 1))" -s "$server" -p threads 10k
	done
	becomes 20 NRestarts 3
	for name in "${!jobs[@]}"; do
		kill -0 "${jobs[$name]}" || fail "$name was not left waiting"
	done
	sed -i '$d' /etc/gild.conf
	need systemctl restart gild.service
	for name in "${!jobs[@]}"; do
		ended "$name"
	done
	expect ActiveState "$(property ActiveState)" active
	expect gild.socket "$(property ActiveState gild.socket)" active
	found "${#jobs[@]} clients waited"
}
