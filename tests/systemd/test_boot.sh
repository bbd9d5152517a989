#!/bin/bash
# boot.sh keeps its word: status, output, arguments, binds, changes that stay
# inside, timeout, signals; and it leaves nothing behind, whichever way it ends.

# shellcheck disable=SC2016 # the scripts' variables are theirs
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P) || exit 2
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
failures=0

expect() {
	if [ "$2" != "$3" ]; then
		failures=$((failures + 1))
		printf '%s: is "%s", wanted is "%s"\n' "$1" "$2" "$3"
	fi
}

# script TEXT: a script of that
script() {
	printf '#!/bin/bash\n%s\n' "$1" >"$scratch/script"
	chmod +x "$scratch/script"
}

boot() {
	"$here/boot.sh" "$@" 2>"$scratch/errors"
}

# What a boot could leave: mounts, groups, files, interfaces. Another boot may
# be under way: its group, named after its supervisor, does not count.
state() {
	cat /proc/self/mountinfo
	find /sys/fs/cgroup -maxdepth 2 -name 'gild-boot.*' | while read -r group; do
		[ -d "/proc/${group##*.}" ] || echo "$group"
	done
	ls /run /run/mount /etc/systemd/system 2>&1
	cat /proc/sys/kernel/hostname /etc/machine-id 2>&1
	ls /sys/class/net
}

before=$(state)

script 'printf "%s|" "$@"; echo "$variable"; exit 7'
said=$(boot --setenv variable='a b' "$scratch/script" 'x  y' "it's" '$HOME' '')
expect 'the status' $? 7
expect 'the arguments' "$said" "x  y|it's|\$HOME||a b"

mkdir "$scratch/folder"
echo text >"$scratch/folder/file"
script 'cat /run/x/file /srv/a/b; echo no >/run/x/file; touch /etc/machine-made
	hostname other; test -e /etc/machine-made && systemctl is-system-running'
said=$(boot --bind "$scratch/folder:/run/x" --bind "$scratch/folder/file:/srv/a/b" \
	"$scratch/script" 2>/dev/null | grep -v Read-only | tr '\n' ' ')
expect 'what is bound' "$said" 'text text running '
expect 'what is bound, afterwards' "$(cat "$scratch/folder/file")" text
expect 'a file made inside' "$(ls /etc/machine-made 2>/dev/null)" ''

script 'kill -KILL $$'
boot "$scratch/script" >/dev/null
expect 'the status of one that is killed' $? 137

# Deaf to all but SIGKILL, with children that are.
script 'trap "" TERM INT HUP; echo up; (exec -a '"boot-test-$$"' sleep 1000) & wait'
boot --timeout 2 "$scratch/script" >/dev/null
expect 'the status when time is up' $? 124

for signal in INT:130 TERM:143 HUP:129; do
	mkfifo "$scratch/said"
	# One that bash starts in the background is deaf to SIGINT, but not here.
	env --default-signal=INT "$here/boot.sh" "$scratch/script" \
		>"$scratch/said" 2>/dev/null &
	child=$!
	read -r said <"$scratch/said"
	kill -"${signal%:*}" $child
	wait $child
	expect "the status after SIG${signal%:*}" $? "${signal#*:}"
	rm "$scratch/said"
done

# One that is killed cannot tidy up. But its boot ends, and the next one tidies.
mkfifo "$scratch/said"
"$here/boot.sh" "$scratch/script" >"$scratch/said" 2>/dev/null &
child=$!
exec 7<"$scratch/said"
read -r said <&7
kill -KILL $child
wait $child 2>/dev/null
# The output ends when the last of them is gone.
cat <&7
boot /bin/true
expect 'the status of the next boot' $? 0

expect 'processes left' "$(pgrep -f "^boot-test-$$ ")" ''
expect 'what is left' "$(diff <(echo "$before") <(state))" ''
[ $failures -eq 0 ]
