# gilctl reload, drain and shutdown: who may, and what becomes of the service.
# shellcheck shell=bash disable=SC2154

# as USER COMMAND...
as() {
	setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"
}

# A warden is a member of gild's group, and a stranger is not.
make_users() {
	need useradd --no-create-home --user-group --groups gild warden
	need useradd --no-create-home --user-group stranger
}

scenario_operators_may_reload() {
	make_users
	need systemctl enable --now gild.socket
	need gilctl reload
	expect 'the generation' "$(generation)" 2
	need as warden gilctl reload
	expect 'the generation' "$(generation)" 3
	need as gild gilctl reload
	expect 'the generation' "$(generation)" 4
}

scenario_strangers_may_nothing() {
	local user order said

	make_users
	need systemctl enable --now gild.socket
	need gilctl ping
	for order in reload drain shutdown; do
		# The socket's mode keeps a stranger out.
		said=$(as stranger gilctl "$order" 2>&1) &&
			fail "a stranger may $order: $said"
		contains "what $order says" "$said" 'Permission denied'
		# And over TCP nobody is known.
		for user in stranger warden root; do
			said=$(as "$user" gilctl -s 127.0.0.1:4453 "$order" 2>&1) &&
				fail "$user may $order over TCP: $said"
			contains "what $order says to $user" "$said" 'Unix socket'
			said=$(printf '{"jsonrpc":"2.0","id":1,"method":"server.%s"}\n' \
				"$order" | as "$user" python3 -c 'import socket, sys
peer = socket.create_connection(("127.0.0.1", 4453))
peer.sendall(sys.stdin.buffer.read())
print(peer.makefile().readline())')
			contains "the answer to $user" "$said" '"reason":"forbidden"'
		done
	done
	# Were the socket everybody's, gild would still ask who comes.
	need chmod 666 "$socket"
	need as stranger gilctl -s "unix:$socket" ping
	for order in reload drain shutdown; do
		said=$(as stranger gilctl "$order" 2>&1) &&
			fail "a stranger may $order: $said"
		contains "what $order says" "$said" 'may not give orders'
	done
	expect 'the generation' "$(generation)" 1
	expect ActiveState "$(property ActiveState)" active
	found "$said"
}

# ends ORDER: by root and by a warden; what is left of the service then.
ends() {
	local user pid

	for user in root warden; do
		need gilctl ping
		pid=$(master)
		begin "$user" -p hold --profile io --io-every 1 --io-for 500k 2
		await 20 'it runs' are_running 1
		need as "$user" gilctl "$1"
		gone "$pid" || fail "gilctl $1 has not waited for the end"
		becomes 20 ActiveState inactive
		expect Result "$(property Result)" success
		expect NRestarts "$(property NRestarts)" 0
		expect gild.socket "$(property SubState gild.socket)" listening
	done
	# The next client starts it again.
	need gilctl submit -p threads -w 2 100k
	expect ActiveState "$(property ActiveState)" active
}

scenario_a_drain_ends_the_service_in_good_order() {
	make_users
	need systemctl enable --now gild.socket
	ends drain
	ended root
	ended warden
}

scenario_a_shutdown_ends_the_service_in_good_order() {
	local user

	make_users
	need systemctl enable --now gild.socket
	ends shutdown
	for user in root warden; do
		! wait "${jobs[$user]}" || fail 'the job is done'
		expect 'its state' "$(of "$user" state)" cancelled
	done
	found "$(of root reason)"
}
