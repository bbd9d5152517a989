#!/bin/bash
# The packages in a running system: install, use, upgrade under load, remove,
# purge. Run by check.sh in a boot of a minimal Debian that has the packages in
# /srv/packages, and those to upgrade to in /srv/packages+1. One line a check;
# the last line is `the end`.

# check() calls the functions.
# shellcheck disable=SC2317
set -u
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
socket=/run/gild/gild.sock
failed=0
scratch=$(mktemp -d) || exit 1

# check TEXT COMMAND...: quiet where it is content
check() {
	local text=$1

	shift
	if "$@" >"$scratch/said" 2>&1; then
		printf '  fine: %s\n' "$text"
	else
		failed=1
		printf '  NOT fine: %s. It said:\n' "$text"
		sed 's/^/    /' "$scratch/said"
		return 1
	fi
}

# is WANTED COMMAND...: what it prints
is() {
	local wanted=$1 said

	shift
	said=$("$@" 2>&1)
	echo "$* says \"$said\""
	[ "$said" = "$wanted" ]
}

fails() {
	! "$@"
}

# becomes WANTED COMMAND...: waits for what has no waiting of its own
becomes() {
	local tries=1500

	until is "$@"; do
		[ $((tries -= 1)) -gt 0 ] || return 1
		sleep 0.02
	done >"$scratch/becomes" || {
		tail -n 1 "$scratch/becomes"
		return 1
	}
}

# property NAME [UNIT]
property() {
	systemctl show --value -p "$1" "${2:-gild.service}"
}

version() {
	dpkg-query -W -f '${Version}' "$1"
}

# --- install ---

# What there is in the machine that a package might leave: files, users, units.
# Not what counts and logs, or what is a copy.
inventory() {
	find / -xdev \( -path /var/log -o -path /var/cache -o -path /root -o \
		-path /proc -o -path /sys -o -path /dev -o -path /tmp -o \
		-path /run \) -prune -o -print |
		grep -vE '^/(etc/((passwd|group|g?shadow|sub[ug]id)-|\.pwd\.lock)|var/lib/dpkg/[a-z]+-old)$' | sort
	getent passwd
	getent group
	systemctl list-unit-files --no-legend
	ls -A /run
	systemctl list-units --all --no-legend --plain 'gild*'
}

inventory >"$scratch/before"
check 'install' bash -c 'dpkg -i /srv/packages/*.deb'
check 'gild.socket is enabled' is enabled systemctl is-enabled gild.socket
check 'gild.socket listens' is active systemctl is-active gild.socket
check 'gild.service is left to the socket' is disabled systemctl is-enabled gild.service
check 'gild.service does not run yet' is inactive systemctl is-active gild.service
check 'there is a user gild' id gild
check 'the units are in order' is '' systemd-analyze verify --man=no gild.socket gild.service

# --- use ---

useradd --create-home --groups gild alice
useradd --create-home bob
as() {
	runuser -u "$1" -- "${@:2}"
}
compare=(compare --rounds 1 100k)

check 'the first client starts the service' gilctl info
check 'systemctl start gild' systemctl start gild
check 'the service runs' is active systemctl is-active gild.service
check 'gilctl compare, root' gilctl "${compare[@]}"
check 'gilctl compare, root, at the Unix socket' gilctl -s unix:$socket "${compare[@]}"
check 'gilctl compare, a member of the group gild' \
	as alice gilctl -s unix:$socket "${compare[@]}"
check 'gilctl compare, anybody over TCP' as bob gilctl "${compare[@]}"
check 'the Unix socket is not for anybody' \
	fails as bob gilctl -s unix:$socket ping
if grep -aq server.reload /usr/sbin/gild; then
	check 'systemctl reload gild' systemctl reload gild
fi

# --- upgrade, with jobs running, and clients that come meanwhile ---

# probe: connects, asks, reads the answer. Says how that ended: refused,
# unanswered or answered. A call that crosses with the end of its connection was
# not served, and is made once more over another one.
probe() {
	local answer try

	for try in 1 2; do
		exec 3<>/dev/tcp/127.0.0.1/4453 || break
		echo '{"jsonrpc":"2.0","id":'$try',"method":"server.ping"}' >&3
		if read -r -t 60 answer <&3; then
			case $answer in
			*'"result"'*) echo answered ;;
			*) echo unanswered ;;
			esac
			return
		elif [ $? -gt 128 ]; then
			echo unanswered
			return
		fi
		exec 3>&-
	done
	if [ "$try" = 1 ]; then
		echo refused
	else
		echo unanswered
	fi
} 2>/dev/null

# One after the other, until told to stop.
probe_on() {
	until [ -e "$scratch/enough" ]; do
		(
			trap '' PIPE
			probe
		)
	done
}

running() {
	[[ $(gilctl --json stats) =~ \"jobs\":\{\"queued\":[0-9]+,\"running\":([0-9]+) ]]
	echo "${BASH_REMATCH[1]}"
}

# 8 s that are slept: they take as long on a busy machine.
job=(submit --profile io --io-every 1 --io-for 200000 40)

echo '# edited by the operator' >>/etc/gild.conf
echo 'max_batch = 999' >>/etc/gild.conf
systemctl restart gild
before=$(property MainPID)
opened=$(property ActiveEnterTimestampMonotonic gild.socket)
gilctl --json "${job[@]}" -p threads >"$scratch/job1" 2>&1 &
job1=$!
as alice gilctl -s unix:$socket --json "${job[@]}" -p processes >"$scratch/job2" 2>&1 &
job2=$!
check 'two long jobs run' becomes 2 running
probe_on >"$scratch/probes" &
probes=$!

dpkg -i /srv/packages+1/*.deb >"$scratch/dpkg" 2>&1 &
dpkg=$!
check 'the upgrade asks the service to stop' becomes stop-sigterm property SubState
check 'while the first job runs' kill -0 $job1
check 'and the second' kill -0 $job2
check 'the socket stays open' is active systemctl is-active gild.socket
check 'who comes now is served by the new one, over TCP' gilctl info
check 'and at the Unix socket' as alice gilctl -s unix:$socket info
ended_well() {
	local status=0

	wait "$1" || status=$?
	cat "$2"
	return "$status"
}
check 'the upgrade ends well' ended_well $dpkg "$scratch/dpkg"
check 'the first job was answered' ended_well $job1 "$scratch/job1"
check 'it was done' grep -q '"state":"done"' "$scratch/job1"
check 'the second job was answered' ended_well $job2 "$scratch/job2"
check 'it was done' grep -q '"state":"done"' "$scratch/job2"
touch "$scratch/enough"
wait $probes
count_probes() {
	sort "$scratch/probes" | uniq -c
	[ "$(sort -u "$scratch/probes")" = answered ]
}
check "of $(wc -l <"$scratch/probes") other clients none was refused or left alone" \
	count_probes
check 'the service runs' is active systemctl is-active gild.service
check 'it is another' fails is "$before" property MainPID
check 'it never failed' is success property Result
check 'the socket is open' is active systemctl is-active gild.socket
check 'and was so all the time' \
	is "$opened" property ActiveEnterTimestampMonotonic gild.socket
check 'and is there, also in the file system' \
	as alice gilctl -s unix:$socket ping
check 'the new version is installed' \
	is "$(dpkg-deb -f /srv/packages+1/gild_*.deb Version)" version gild
check 'the edited configuration was kept' \
	grep -q '^# edited by the operator' /etc/gild.conf
check 'and is in force' grep -q '^max_batch = 999' <(gild -c /etc/gild.conf -t)

# What an operator has switched off stays off.
systemctl disable --now gild.socket gild.service >"$scratch/said" 2>&1
check 'an upgrade to come, of a gild that is switched off' \
	bash -c 'dpkg -i /srv/packages+1/*.deb'
check 'leaves the socket disabled' is disabled systemctl is-enabled gild.socket
check 'and closed' is inactive systemctl is-active gild.socket
check 'and the service stopped' is inactive systemctl is-active gild.service
systemctl enable --now gild.socket >"$scratch/said" 2>&1

# --- remove, purge ---

check 'gild runs again' gilctl ping
check 'remove' dpkg --remove gild
check 'the service has stopped' fails systemctl is-active gild.service
check 'the socket is closed' fails systemctl is-active gild.socket
check 'nobody listens' is refused probe
check '/run/gild is gone' fails test -e /run/gild
check 'the configuration is kept' test -e /etc/gild.conf
check 'install again' bash -c 'dpkg -i /srv/packages+1/gild_*.deb'
check 'with the edited configuration' \
	grep -q '^# edited by the operator' /etc/gild.conf
check 'and the open socket' gilctl ping
check 'purge' dpkg --purge gild gilctl

userdel --remove alice 2>/dev/null
userdel --remove bob 2>/dev/null
nothing_is_left() {
	inventory >"$scratch/after"
	diff "$scratch/before" "$scratch/after"
}
check 'nothing is left: no file, user, group or unit' nothing_is_left
check 'no process' fails grep -l '^gild' /proc/[0-9]*/comm
check 'nothing failed in this boot' is '' systemctl --failed --no-legend

rm -rf "$scratch"
echo 'the end'
exit $failed
