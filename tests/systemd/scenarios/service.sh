# gild.service by itself, without gild.socket.
# shellcheck shell=bash disable=SC2154

scenario_it_serves_without_the_socket_unit() {
	local server

	need systemctl start gild
	expect ActiveState "$(property ActiveState)" active
	expect gild.socket "$(property ActiveState gild.socket)" inactive
	for server in 127.0.0.1:4453 "unix:$socket"; do
		need gilctl -s "$server" ping
		need gilctl -s "$server" submit -p threads -w 2 100k
	done
	found 'TCP and gild.sock'
}

scenario_it_is_enabled_with_multi_user() {
	need systemctl enable --now gild
	expect ActiveState "$(property ActiveState)" active
	contains WantedBy "$(property WantedBy)" multi-user.target
	expect gild.socket "$(property UnitFileState gild.socket)" disabled
	need systemctl disable --now gild
	expect ActiveState "$(property ActiveState)" inactive
}

scenario_it_is_its_own_user() {
	local pid n=0

	need systemctl start gild
	need gilctl ping
	for pid in $(processes); do
		expect "the user of $pid" "$(stat -c %U:%G "/proc/$pid")" gild:gild
		expect "the capabilities of $pid" \
			"$(sed -n 's/^Cap\(Prm\|Eff\|Bnd\|Amb\):\t//p' \
				"/proc/$pid/status" | sort -u)" 0000000000000000
		n=$((n + 1))
	done
	[ $n -ge 5 ] || fail "gild has but $n processes"
	expect /var/lib/gild "$(stat -c '%U:%G %a' /var/lib/gild)" 'gild:gild 700'
	expect /run/gild "$(stat -c '%U:%G %a' /run/gild)" 'gild:gild 755'
	found "$n processes"
}

scenario_the_journal_is_readable() {
	local log

	need systemctl start gild
	need gilctl ping
	need systemctl stop gild
	log=$(journalctl --no-pager -u gild) || fail 'journalctl failed'
	contains 'the journal' "$log" 'listening on 127.0.0.1:4453'
	contains 'the journal' "$log" "listening on unix:$socket"
	contains 'the journal' "$log" 'gild['
	contains 'the journal' "$log" 'stopped'
	# What cannot be printed journalctl shows as a number of bytes.
	if grep -E '\[[0-9]+B blob data\]|\\x' <<<"$log"; then
		fail 'the journal has what cannot be read'
	fi
	found "$(wc -l <<<"$log") lines"
}

scenario_journal_has_priorities() {
	need systemctl start gild
	refuse gilctl set threads size=0
	need kill -KILL "$(processes | tail -n 1)"
	need gilctl submit -p processes -w 2 100k
	journalctl -q --no-pager -u gild -p warning -o cat _COMM=gild |
		grep -q . || fail 'a dead child is worth a warning'
	journalctl -q --no-pager -u gild -p warning -o cat _COMM=gild |
		grep -q 'listening on' && fail 'an address is no warning'
	! journalctl -q --no-pager -u gild -o cat _COMM=gild | grep -qE '^<[0-7]>' ||
		fail 'a priority is in the text'
}

scenario_stopping_is_clean() {
	local client start result

	need systemctl start gild
	gilctl --json submit -p processes -w 2 --cost 1000 1M >/tmp/result &
	client=$!
	until gilctl --json stats | grep -q '"running":1'; do
		kill -0 $client || fail 'the job is over before it was seen running'
		sleep 0.02
	done
	start=$SECONDS
	need systemctl stop gild
	wait "$client" || fail "the client's job was lost: $(cat /tmp/result)"
	result=$(cat /tmp/result)
	contains 'the result' "$result" '"state":"done"'
	expect Result "$(property Result)" success
	expect ActiveState "$(property ActiveState)" inactive
	expect ExecMainStatus "$(property ExecMainStatus)" 0
	[ $((SECONDS - start)) -lt 30 ] || fail 'stopping took the whole drain time'
	! pgrep -x gild || fail 'something of gild is left'
	found 'a running job was answered'
}

scenario_a_killed_master_comes_back() {
	local old

	need systemctl start gild
	need gilctl ping
	old=$(master)
	kill -KILL "$old"
	becomes 20 NRestarts 1
	becomes 20 ActiveState active
	[ "$(master)" != "$old" ] || fail 'it is the same process'
	need gilctl submit -p threads -w 2 100k
	need gilctl submit -p processes -w 2 100k
}

scenario_notify_says_ready_and_status() {
	expect Type "$(property Type)" notify
	need systemctl start gild
	# Ready is ready: no client has to try twice.
	need gilctl submit -p threads -w 2 100k
	need gilctl submit -p processes -w 2 100k
	[ -n "$(property StatusText)" ] || fail 'there is no status'
	expect NotifyAccess "$(property NotifyAccess)" main
	[ "$(property WatchdogTimestampMonotonic)" -gt 0 ] ||
		fail 'the watchdog has not been fed'
	found "$(property StatusText)"
}

scenario_a_wrong_configuration_is_not_started() {
	echo 'frontend = 2' >>/etc/gild.conf
	refuse systemctl start gild
	contains 'the journal' "$(journalctl --no-pager -u gild)" \
		"/etc/gild.conf:$(wc -l </etc/gild.conf):"
	sed -i '$d' /etc/gild.conf
	need systemctl reset-failed gild
	need systemctl start gild
}
