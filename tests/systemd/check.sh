#!/bin/bash
# make check-systemd: gild under a real systemd. Builds gild once more, for /usr,
# as a package would have it; then each scenario has a boot of its own (boot.sh),
# into which that gild is installed. One line a scenario: its name, its seconds,
# what it found; one that fails shows all that it said. The last line holds the
# totals.
#
#   check.sh [SCENARIO...]     all of them, or these
#
# Environment: builddir, a configured build whose flags are taken over, not the
# source folder. Needs strace, useradd, ip and python3 beside what boot.sh needs.
# Exit status: 0 all passed, 1 not, 77 this machine cannot.

set -u
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P) || exit 2
source=$(cd "$here/../.." && pwd -P) || exit 2
builddir=$(cd "${builddir:-.}" && pwd -P) || exit 2
usr=$builddir/tests/systemd/usr
passed=0
failed=0

why=$("$here/boot.sh" --timeout 60 /bin/true 2>&1)
case $? in
0) ;;
77)
	echo "check-systemd: skipped: ${why#boot.sh: }"
	exit 77
	;;
*)
	printf 'check-systemd: systemd does not boot:\n%s\n' "$why" >&2
	exit 1
	;;
esac

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- gild for /usr ---

configure_usr() {
	local arguments=()

	mkdir -p "$usr" && cd "$usr" || return
	# It quotes its arguments for a shell.
	eval "arguments=($("$builddir/config.status" --config))"
	"$source/configure" "${arguments[@]}" --prefix=/usr --exec-prefix=/usr \
		--bindir=/usr/bin --sbindir=/usr/sbin --libdir=/usr/lib \
		--sysconfdir=/etc --localstatedir=/var --runstatedir=/run \
		--mandir=/usr/share/man --srcdir="$source"
}

build() {
	if [ ! -e "$usr/config.status" ] ||
		[ "$builddir/config.status" -nt "$usr/config.status" ]; then
		configure_usr || return
	fi
	"${MAKE:-make}" -C "$usr" -j"$(getconf _NPROCESSORS_ONLN)" all &&
		"${MAKE:-make}" -C "$usr" install DESTDIR="$scratch/stage"
}

if [ -e "$source/config.status" ]; then
	echo 'check-systemd: configure gild in a folder of its own for this:' >&2
	echo 'a source folder that is configured cannot be built twice.' >&2
	exit 1
fi
# It may be make that runs us, with options that are not meant for this.
unset MAKEFLAGS MFLAGS MAKELEVEL
if ! (build) >"$scratch/build.log" 2>&1; then
	cat "$scratch/build.log"
	echo 'check-systemd: cannot build gild for /usr'
	exit 1
fi

# --- the scenarios ---

all_scenarios() {
	cat "$here"/scenarios/*.sh | sed -n 's/^scenario_\([a-z0-9_]*\)() {$/\1/p'
}

# report NAME STATUS SECONDS: what it says is in its log
report() {
	local found

	if [ "$2" -eq 0 ]; then
		passed=$((passed + 1))
		found=$(sed -n 's/^found: //p' "$scratch/log" | paste -sd ';')
		printf '  %-44s passed %6s s  %s\n' "$1" "$3" "$found"
	else
		failed=$((failed + 1))
		printf '  %-44s FAILED %6s s, status %s. It says:\n' "$1" "$3" "$2"
		sed 's/^/    /' "$scratch/log"
	fi
}

# timed NAME COMMAND...
timed() {
	local name=$1 start=$EPOCHREALTIME status

	shift
	"$@" >"$scratch/log" 2>&1
	status=$?
	report "$name" $status "$(awk -v a="$start" -v b="$EPOCHREALTIME" \
		'BEGIN { printf "%.2f", b - a }')"
}

[ $# -gt 0 ] || timed boot "$here/test_boot.sh"
chosen=("$@")
[ $# -gt 0 ] || mapfile -t chosen < <(all_scenarios)
for name in "${chosen[@]}"; do
	timed "$name" "$here/boot.sh" --bind "$scratch/stage:/run/boot/stage" \
		--bind "$here:/run/boot/tests" "$here/inside.sh" "$name"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
