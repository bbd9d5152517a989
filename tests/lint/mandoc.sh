#!/bin/sh
# The manuals, as mandoc sees them: it has nothing to say, on any of its levels.
# What they refer to is one of them or stands in `others` below. Exit status 77,
# which make check takes for skipped, where there is no mandoc.
#
# Environment: srcdir names the sources.

set -u
export LC_ALL=C
others='jq.1 journalctl.1 nc.1 nohup.1 ps.1 sd-daemon.3 systemctl.1 systemd.1
	systemd.exec.5 systemd.service.5 systemd.socket.5 systemd.resource-control.5
	fork.2 poll.2 seccomp.2 sd_notify.3 syslog.3 credentials.7
	pid_namespaces.7 unix.7'

command -v mandoc >/dev/null || {
	echo 'skipped: mandoc is not installed'
	exit 77
}
cd "${srcdir:-.}" || exit 2
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
manuals=$(find proto daemon client -name '*.[1-8]' -type f | sort)
[ -n "$manuals" ] || exit 2

# What they refer to is looked for in a tree of our own, so that it does not
# matter what is installed.
for name in $others $manuals; do
	folder=$tree/man${name##*.}
	mkdir -p "$folder"
	: >"$folder/${name##*/}"
done
# That this tree has no index is said of it, and of no manual.
# The list is a list of names.
# shellcheck disable=SC2086
said=$({
	MANPATH=$tree mandoc -Tlint -Wstyle $manuals 2>&1 |
		grep -v '^mandoc: outdated mandoc\.db '
	# The whole, but for those who look in the places of an installed system.
	mandoc -Tlint -Wall $manuals 2>&1 |
		grep -v -e '^mandoc: outdated mandoc\.db ' \
			-e ': referenced manual not found: '
} | sort -u)
[ -z "$said" ] || {
	printf '%s\n' "$said" >&2
	echo "$(printf '%s\n' "$said" | wc -l) complaints of mandoc" >&2
	exit 1
}
echo "$(echo "$manuals" | wc -l) manuals, no complaint of mandoc"
