#!/bin/bash
# boot.sh [OPTION...] SCRIPT [ARG...]: boots a real systemd on a copy-on-write
# view of this machine and runs SCRIPT in it, as root, once multi-user.target is
# reached. Its output, standard error too, comes out of our standard output as
# it is written; its exit status is ours. What it changes is gone afterwards,
# and the host never sees it: no file, mount, process, group or address.
#
#   --root DIR       a view of DIR, say what debootstrap made, not of /
#   --bind SRC:DST   a file or folder of the host, read-only, at DST; repeatable
#   --setenv N=V     for SCRIPT's environment; repeatable
#   --timeout SECS   kills everything after so long; default 120
#
# In the view: /run, /tmp and /dev are new and empty but for what a system needs,
# the network is a loopback of its own. With / the enabled units of the host are
# hidden; DIR keeps its own. Generators and units for hardware are hidden in
# both. SCRIPT itself is bound as /run/boot/script: what else it needs of the
# host, bind, where a view of / does not have it at the same place (other file
# systems are not in the view). `systemctl enable`, dpkg and so on just work.
#
# Exit status: SCRIPT's; 128 + n if signal n killed it; 124 time is up, 125 the
# boot failed before SCRIPT began or ended (systemd's log on standard error), 2
# wrong usage, 77 this machine cannot do it (why, on standard error), 129, 130
# and 143 after a signal.
#
# How: this file is the supervisor, in a mount namespace of its own, where a
# tmpfs holds the overlay's upper layer and three channels: FIFOs for SCRIPT's
# output and systemd's log, and a file for the status. boot_init.sh becomes
# process 1 of the other namespaces, arranges them and makes itself systemd. To
# kill that process is to end everything: the kernel kills the rest, and only
# then can it be waited for.
#
# Only cgroup2 is shown inside, whatever else the machine has: with the older
# hierarchies beside it, systemd would have neither IPAddressDeny nor
# DevicePolicy. Where another hierarchy owns the controllers, as the memory
# controller here or there, limits such as MemoryMax and TasksMax do nothing.

set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P) || exit 2
# A folder that is there on each machine and has nobody's files in it. In our
# mount namespace we cover it, and so need not make one.
place=/sys/fs/cgroup
child=''

usage() {
	cat >&2 <<'USAGE'
usage: boot.sh [--root DIR] [--bind SRC:DST]... [--setenv NAME=VALUE]...
               [--timeout SECONDS] SCRIPT [ARG...]
USAGE
	exit 2
}

skip() {
	echo "boot.sh: cannot boot here: $*" >&2
	exit 77
}

wrong() {
	echo "boot.sh: $*" >&2
	exit 2
}

# --- what is asked for ---

root=/
binds=()
variables=()
limit=120
is_supervisor=false
if [ "${1-}" = --supervise ]; then
	is_supervisor=true
	shift
fi
original=("$@")
while [ $# -gt 0 ]; do
	case $1 in
	--root | --bind | --setenv | --timeout)
		[ $# -ge 2 ] || usage
		;;
	esac
	case $1 in
	--root) root=$2 ;;
	--bind) binds+=("$2") ;;
	--setenv) variables+=("$2") ;;
	--timeout) limit=$2 ;;
	--)
		shift
		break
		;;
	-*) usage ;;
	*) break ;;
	esac
	shift 2
done
[ $# -gt 0 ] || usage
script=$(realpath -e -- "$1") || exit 2
shift
[ -x "$script" ] || wrong "$script cannot be executed"
root=$(realpath -e -- "$root") || exit 2
case $root in
*[,:\\]*) wrong "--root $root: a comma, colon or backslash is overlayfs's own" ;;
esac
case $limit in
'' | *[!0-9]*) wrong "--timeout $limit: a number of seconds is wanted" ;;
esac
for i in "${!binds[@]}"; do
	source=${binds[i]%%:*}
	target=${binds[i]#*:}
	case ${binds[i]} in
	*:/*) ;;
	*) wrong "--bind ${binds[i]}: SOURCE:/TARGET is wanted" ;;
	esac
	source=$(realpath -e -- "$source") || exit 2
	binds[i]=$source:$target
done

# --- whether it can be done ---

if ! $is_supervisor; then
	[ "$(id -u)" -eq 0 ] || skip 'it takes root'
	[ -x "$root/lib/systemd/systemd" ] ||
		skip "there is no systemd in $root (Debian: systemd)"
	for tool in unshare setpriv mount pivot_root; do
		command -v $tool >/dev/null ||
			skip "there is no $tool (Debian: util-linux)"
	done
	why=$(unshare --mount --uts --ipc --net --pid --cgroup --fork \
		--propagation private true 2>&1) || skip "$why"
	exec unshare --mount --propagation private -- \
		"$BASH" "$here/boot.sh" --supervise "${original[@]}"
fi

# --- the supervisor ---

# Process 1 of the namespaces, by the number that it has out here.
init_of() {
	cat "/proc/$child/task/$child/children" 2>/dev/null
}

# Kills whatever is in the namespaces, and returns when nothing is.
end_namespaces() {
	local init

	[ -n "$child" ] || return 0
	init=$(init_of)
	# One that has no child yet takes it along: --kill-child.
	# shellcheck disable=SC2086
	kill -KILL ${init:-$child} 2>/dev/null
	wait "$child" 2>/dev/null
	child=''
}

# The groups below $1 and itself. What has been killed may take its time to go.
remove_group() {
	local tenths=100

	[ -d "$1" ] || return 0
	echo 1 2>/dev/null >"$1/cgroup.kill"
	while ! find "$1" -depth -type d -exec rmdir {} + 2>/dev/null &&
		[ -d "$1" ] && [ $((tenths -= 1)) -gt 0 ]; do
		sleep 0.1
	done
}

# Those of supervisors that were killed before they could: each group's name
# ends in its supervisor's process.
remove_stale_groups() {
	local stale

	for stale in "$place"/cgroup/gild-boot.*; do
		[ -d "$stale" ] && [ ! -d "/proc/${stale##*.}" ] &&
			remove_group "$stale"
	done
}

# shellcheck disable=SC2317 # by a trap
clean_up() {
	trap '' INT TERM HUP
	end_namespaces
	[ -z "${timer-}" ] || kill "$timer" 2>/dev/null
	remove_group "$group"
}

exec </dev/null
mount -n -t tmpfs -o mode=0755 boot $place || skip 'no tmpfs'
mkdir $place/{cgroup,upper,work,view,channel} || skip 'the tmpfs is read-only'
mount -n -t cgroup2 cgroup2 $place/cgroup || skip 'no cgroup2'
mount -n -t overlay -o \
	"lowerdir=$root,upperdir=$place/upper,workdir=$place/work" \
	overlay $place/view || skip "no overlay of $root"
remove_stale_groups
group=$place/cgroup/gild-boot.$$
mkdir "$group" || skip 'no cgroup can be made'
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

channel=$place/channel
mkfifo -m 600 $channel/output $channel/log
: >$channel/status
cp "$here/boot_init.sh" $channel/init
{
	printf 'binds=()\n'
	[ ${#binds[@]} -eq 0 ] || printf 'binds+=(%q)\n' "${binds[@]}"
	printf 'script=%q\n' "$script"
	printf 'root=%q\n' "$root"
} >$channel/wanted
# What the unit runs: the script with its arguments and its variables.
{
	echo '#!/bin/bash'
	[ ${#variables[@]} -eq 0 ] || printf 'export %q\n' "${variables[@]}"
	printf '/run/boot/script' && [ $# -eq 0 ] || printf ' %q' "$@"
	# shellcheck disable=SC2016
	printf '\nstatus=$?\necho $status >/run/boot/status\nexit $status\n'
} >$channel/run
chmod 755 $channel/run $channel/init

# While we hold them open for writing neither comes to its end.
exec 8<>$channel/output 9<>$channel/log
cat <$channel/output 8>&- 9>&- &
pump=$!
cat <$channel/log >$channel/log.text 8>&- 9>&- &

# Process 1 joins the group before it makes the namespace whose root that is;
# unshare itself stays outside: a group with processes hands out no controllers.
# Should we be killed, it is too, and takes process 1 along.
# shellcheck disable=SC2016
setpriv --pdeathsig KILL \
	unshare --mount --uts --ipc --net --pid --fork --kill-child \
	--propagation private -- "$BASH" -c '
	echo 0 >"$1/cgroup.procs" && exec unshare --cgroup -- "$BASH" "$2"' \
	boot "$group" $channel/init >&9 2>&9 8>&- 9>&- &
child=$!
setpriv --pdeathsig TERM sleep "$limit" 8>&- 9>&- &
timer=$!
wait -n "$child" "$timer"

status=$(cat $channel/status)
if kill -0 "$timer" 2>/dev/null; then
	why="the boot failed, or ended before $script did"
	: "${status:=125}"
else
	why="time is up after $limit s"
	status=124
fi
end_namespaces
exec 8>&- 9>&-
wait $pump
if [ "$status" -eq 124 ] || [ -z "$(cat $channel/status)" ]; then
	echo "boot.sh: $why. systemd's log ends:" >&2
	tail -n 60 $channel/log.text >&2
fi
exit "$status"
