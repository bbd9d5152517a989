# The job store under gild.service: what was accepted outlives the service.
# shellcheck shell=bash disable=SC2154

store_pid() {
	gilctl --json stats | pick 'it["store"]["pid"]'
}

is_available() {
	[ "$(gilctl --json info | pick 'it["store"]["available"]')" = True ]
}

# In the service's own folder, with nothing configured.
scenario_detached_jobs_outlive_a_kill_and_a_restart() {
	local id first kept

	need systemctl enable --now gild.socket
	await 20 'there is a store' is_available
	first=$(gilctl submit -d --key night/1 --cost 1000 300k) ||
		fail 'it was not accepted'
	for _ in 1 2 3 4 5 6 7 8; do
		id=$(gilctl submit -d --cost 1000 300k) || fail 'one was refused'
	done
	kill -9 "$(store_pid)"
	await 20 'there is a store again' is_available
	kill -9 "$(master)"
	await 20 'systemd has started it again' is_available
	need systemctl restart gild.service
	expect 'the same key' "$(gilctl submit -d --key night/1 --cost 1000 300k)" \
		"$first"
	gilctl --json collect --all >/tmp/collected || fail 'not all are done'
	expect 'how many jobs were collected' "$(wc -l </tmp/collected)" 9
	grep -q "$id" /tmp/collected || fail "$id is not among them"
	kept=$(stat -c '%U %a' /var/lib/gild/jobs.db)
	expect 'whose the file is' "$kept" 'gild 600'
	found "9 of 9 collected, through a killed recorder, a killed master and a" \
		"restart"
}

scenario_a_full_disk_is_no_reason_to_stop() {
	need mkdir -p /var/lib/gild
	need mount -n -t tmpfs -o size=1m,mode=700 none /var/lib/gild
	need chown gild:gild /var/lib/gild
	need systemctl start gild
	await 20 'there is a store' is_available
	# It ends when there is no more room.
	refuse runuser -u gild -- dd if=/dev/zero of=/var/lib/gild/ballast bs=4k
	! gilctl submit -d --retry-for 0 1k 2>/tmp/why || fail 'it was accepted'
	contains 'why not' "$(cat /tmp/why)" 'full'
	need gilctl submit 1k
	expect ActiveState "$(property ActiveState)" active
	rm /var/lib/gild/ballast
	await 20 'there is a store again' gilctl submit -d --retry-for 0 1k
	need systemctl stop gild
	umount -n /var/lib/gild
}
