# The sandbox of gild.service: how tight it is, that each line of it and each
# one that is missing has its reason, and that gild works in it.
# shellcheck shell=bash disable=SC2154

unit=/usr/lib/systemd/system/gild.service

scenario_units_verify_silently() {
	expect 'what systemd-analyze verify says' \
		"$(systemd-analyze verify gild.service gild.socket 2>&1)" ''
}

scenario_exposure_is_at_most_1() {
	local listed unused name n=0

	listed=$(systemd-analyze security --no-pager --threshold=10 gild.service) ||
		fail "systemd-analyze security: $listed"
	unused=$(sed -n 's/^✗ \([A-Za-z]*\)=.*/\1/p' <<<"$listed" | sort -u)
	for name in $unused; do
		grep -q "^# .*\<$name=.* [a-z]" "$unit" ||
			fail "$unit does not say why $name= is not used"
		n=$((n + 1))
	done
	[ $n -gt 0 ] || fail "nothing is unused? $listed"
	found "$(tail -n 1 <<<"$listed" | tr -cd '[:print:]'); $n unused, with reasons"
}

# A line follows its comment, or one of the same name.
scenario_each_line_of_the_sandbox_has_a_reason() {
	local bare

	bare=$(awk '
		/^# --- The sandbox/ { inside = 1; reasons = 0; next }
		/^# --- What/ { inside = 0 }
		!inside { next }
		/^# / { reasons++; next }
		/^$/ { reasons = 0; last = ""; next }
		{
			name = $0; sub(/=.*/, "", name)
			lines++
			if (!reasons && name != last && !(last ~ /^(IPAddress|(No)?ExecPaths)/))
				print
			reasons = 0; last = name
		}
		END { if (lines < 30) print "only " lines + 0 " lines" }
	' "$unit")
	expect 'lines without a reason' "$bare" ''
}

scenario_jobs_run_in_the_sandbox() {
	local pool result tid cpus

	need systemctl start gild
	expect 'the CPUs that gild sees' \
		"$(gilctl --json info | grep -o '"cores":[0-9]*')" "\"cores\":$(nproc)"
	for pool in threads processes free hold; do
		need gilctl submit -p "$pool" -w 2 --cost 20 1M
		need gilctl submit -p "$pool" -w 2 --profile io --io-every 10k --io-for 100 100k
	done
	# With each on a CPU of its own: seen from outside.
	need gilctl set threads affinity=spread
	result=$(gilctl --json submit -p threads -w 4 --cost 20 1M) ||
		fail "no job with affinity: $result"
	cpus=$(grep -o '"tid":[0-9]*' <<<"$result" | while IFS=: read -r _ tid; do
		sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$tid/status"
	done | sort -u | tr '\n' ' ')
	expect 'how many CPUs they have' "$(wc -w <<<"$cpus")" \
		"$(($(nproc) < 4 ? $(nproc) : 4))"
	# The kernel's measure of waiting for a CPU comes from /proc.
	contains 'the result' "$result" '"cpu_wait_ns":'
	if journalctl -q --no-pager -u gild -o cat | grep -i cannot; then
		fail 'gild was denied something'
	fi
	found "on CPUs $cpus"
}

scenario_nothing_else_can_be_executed() {
	local inside

	need systemctl start gild
	inside=(nsenter -m -t "$(master)")
	need "${inside[@]}" /usr/bin/gilctl -V
	refuse "${inside[@]}" /bin/true
	refuse "${inside[@]}" touch /var/lib/gild/file
}

scenario_other_machines_are_kept_out() {
	need ip address add 192.0.2.1/32 dev lo
	sed -i 's/^listen = .*/listen = {"0.0.0.0:4453"}\nallow_remote = true/' \
		/etc/gild.conf
	need systemctl start gild
	need gilctl -s 127.0.0.1:4453 ping
	refuse gilctl --connect-timeout 500 -s 192.0.2.1:4453 ping
	# The same with the address allowed: it was the rule that refused.
	add gild.service IPAddressAllow=192.0.2.1
	need systemctl restart gild
	need gilctl -s 192.0.2.1:4453 ping
}

# What one process may do to another. Root does it first: what is refused to
# others must be possible at all.
intrude() {
	local pid=$1

	shift
	# shellcheck disable=SC2016
	"$@" bash -c '
		for file in environ maps auxv; do
			cat /proc/$0/$file >/dev/null && echo "reads $file"
		done
		ls /proc/$0/fd/ | grep -q . && echo "sees descriptors"
		readlink /proc/$0/exe >/dev/null && echo "sees the program"
		readlink /proc/$0/cwd >/dev/null && echo "sees the folder"
		dd if=/proc/$0/mem of=/dev/null bs=1 count=0 && echo "opens memory"
		kill -CONT $0 && echo "sends signals"
		timeout 5 strace -o /dev/null -p $0 -e trace=none &
		tracer=$!
		until grep -q "^TracerPid:.[1-9]" /proc/$0/status; do
			kill -0 $tracer || exit 0
			sleep 0.02
		done
		echo traces
		kill $tracer' "$pid" 2>/dev/null
}

scenario_another_user_gets_at_nothing() {
	local pid able

	command -v strace >/dev/null || fail 'strace is needed'
	need useradd --no-create-home --user-group stranger
	need systemctl start gild
	need gilctl ping
	able=$(intrude "$(master)" env)
	expect 'what root can do' "$(wc -l <<<"$able")" 9
	for pid in $(processes); do
		able=$(intrude "$pid" setpriv --reuid stranger --regid stranger \
			--clear-groups)
		expect "what a stranger can do to $(cat "/proc/$pid/comm")" "$able" ''
	done
	need gilctl submit -p threads -w 2 100k
	refuse setpriv --reuid stranger --regid stranger --clear-groups \
		gilctl -s "unix:$socket" ping
	found "$(processes | wc -l) processes"
}
