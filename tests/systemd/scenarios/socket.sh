# gild.socket: systemd listens, and starts gild when somebody comes.
# shellcheck shell=bash disable=SC2154

scenario_the_sockets_are_there_before_gild() {
	need systemctl enable --now gild.socket
	expect gild "$(property ActiveState)" inactive
	expect gild.sock "$(stat -c '%F %U:%G %a' "$socket")" 'socket gild:gild 660'
	contains Listen "$(property Listen gild.socket)" '127.0.0.1:4453 (Stream)'
	contains WantedBy "$(property WantedBy gild.socket)" sockets.target
	need systemctl disable --now gild.socket
	[ ! -e "$socket" ] || fail "$socket is still there"
}

scenario_the_first_client_starts_gild() {
	local server

	need systemctl enable --now gild.socket
	for server in 127.0.0.1:4453 "unix:$socket"; do
		expect gild "$(property ActiveState)" inactive
		need gilctl -s "$server" submit -p threads -w 2 100k
		need gilctl -s "$server" submit -p processes -w 2 100k
		expect gild "$(property ActiveState)" active
		# gild.socket would start it again.
		need systemctl stop gild.service
		becomes 20 ActiveState inactive
	done
	expect gild.sock "$(stat -c '%F %U:%G %a' "$socket")" 'socket gild:gild 660'
	found 'TCP and gild.sock'
}

scenario_the_sockets_outlive_a_restart() {
	local before killed

	need systemctl enable --now gild.socket
	need gilctl ping
	before=$(stat -c %i "$socket")
	need systemctl restart gild.service
	expect 'the inode of gild.sock' "$(stat -c %i "$socket")" "$before"
	need gilctl -s "unix:$socket" ping
	killed=$(master)
	kill -KILL "$killed"
	await 10 'the end of the master' test ! -d "/proc/$killed"
	# Nobody listens but systemd, and nobody is refused.
	need gilctl -s 127.0.0.1:4453 ping
	need gilctl -s "unix:$socket" ping
	expect 'the inode of gild.sock' "$(stat -c %i "$socket")" "$before"
}

scenario_the_sockets_are_for_this_machine() {
	need ip address add 192.0.2.1/32 dev lo
	echo 'allow_remote = true' >>/etc/gild.conf
	add gild.socket '[Socket]
ListenStream=192.0.2.1:4453'
	need systemctl start gild.socket
	need gilctl -s 127.0.0.1:4453 ping
	refuse gilctl --connect-timeout 500 -s 192.0.2.1:4453 ping
	# The same with the address allowed: it was the rule that refused.
	add gild.socket IPAddressAllow=192.0.2.1
	add gild.service '[Service]
IPAddressAllow=192.0.2.1'
	need systemctl stop gild.service
	need systemctl restart gild.socket
	need gilctl -s 192.0.2.1:4453 ping
}
