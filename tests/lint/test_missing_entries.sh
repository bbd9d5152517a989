#!/bin/sh
# The tests of the manuals, of the example configuration and of the protocol's
# documents find what they are there for: each entry in turn is taken out of a
# copy of the sources, or one of nothing put in, and the test must fail and name
# it.
#
# Environment: srcdir and builddir as make gives them; GILD, GILCTL.

set -u
export LC_ALL=C CK_FORK=no
here=$(cd "$(dirname "$0")" && pwd -P)
real=${srcdir:-.}
build=${builddir:-.}
GILD=${GILD:-./gild}
GILCTL=${GILCTL:-./gilctl}
export GILD GILCTL
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
checks=0
failures=0
files='proto/PROTOCOL.md proto/gild-protocol.7 daemon/gild.8 daemon/gild.conf.5
	systemd/gild.conf client/gilctl.1'

mkdir -p "$tree/proto" "$tree/daemon" "$tree/systemd" "$tree/client"

# fresh: the copy is as the sources are
fresh() {
	for file in $files; do
		cp "$real/$file" "$tree/$file" && chmod u+w "$tree/$file" || exit 2
	done
}

# expect STATUS TEXT COMMAND...: with the copy for the sources
expect() {
	status=$1
	text=$2
	shift 2
	checks=$((checks + 1))
	said=$(srcdir=$tree "$@" 2>&1)
	actual=$?
	[ $actual -le 1 ] || [ "$status" -eq 0 ] || actual=1
	case $actual:$said in
	$status:*"$text"*) return ;;
	esac
	failures=$((failures + 1))
	echo "expected $status and \"$text\" of $1, got $actual and: $said" >&2
}

# doctor FILE SED-SCRIPT: which must change something
doctor() {
	fresh
	sed -i "$2" "$tree/$1"
	! cmp -s "$real/$1" "$tree/$1" || {
		echo "$1: \"$2\" changes nothing" >&2
		failures=$((failures + 1))
	}
}

options=$build/tests/unit/test_option_texts
protocol=$build/tests/unit/test_specification

# As they are, they are fine.
fresh
expect 0 100% "$options"
expect 0 100% "$protocol"
expect 0 'all explained' "$here/test_gild_manual.sh"
expect 0 '0 failures' "$here/test_gilctl_manual.sh"

# gild's options, each of them
for name in $("$GILD" -h |
	sed -nE 's/^  (pool\.NAME\.)?([a-z_]+)(=[^ ]*)? .*/\2/p'); do
	doctor daemon/gild.conf.5 "s/^\\.It Ic $name\$/.It Ic x$name/"
	expect 1 "does not explain $name" "$options"
	doctor systemd/gild.conf "s/^#*\\(	*\\)$name = .*/\\1/"
	expect 1 "systemd/gild.conf" "$options"
done
doctor daemon/gild.conf.5 's/^1 to 64; 2 by default/1 to 65; 2 by default/'
expect 1 'does not say that frontends takes 1 to 64' "$options"
doctor daemon/gild.conf.5 's/^1 to 64; 2 by default/1 to 64; 3 by default/'
expect 1 'does not say that frontends is 2 by default' "$options"
doctor daemon/gild.conf.5 's/^\.It Ic frontends$/.It Ic backends\nNone.\n&/'
expect 1 'explains backends, which is no option' "$options"

# gild's flags
doctor daemon/gild.8 's/^\.It Fl c , -config .*/.It x/'
expect 1 'gild -h shows' "$here/test_gild_manual.sh"
doctor daemon/gild.8 's/^\.Op Fl c Ar file/.Op Ar file/'
expect 1 'the synopsis of' "$here/test_gild_manual.sh"

# gilctl's commands, and the options of one
for name in $("$GILCTL" --help |
	awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'); do
	doctor client/gilctl.1 "s/^\\.Ss $name\$/.Ss x$name/"
	expect 1 "commands: --help has" "$here/test_gilctl_manual.sh"
done
doctor client/gilctl.1 's/^\.It Fl \\-no-wait$/.It x/'
expect 1 'options of drain' "$here/test_gilctl_manual.sh"
doctor client/gilctl.1 's/^\.Op Fl \\-no-wait$/.Op x/'
expect 1 'synopsis of drain' "$here/test_gilctl_manual.sh"
doctor client/gilctl.1 's/^\.It Fl \\-csv$/.It x/'
expect 1 'global options' "$here/test_gilctl_manual.sh"

# The protocol's methods and errors
methods=$(sed -n 's/^\.It Ic \([a-z]*\.[a-z]*\)$/\1/p' \
	"$real/proto/gild-protocol.7" |
	grep -vx job.progress)
errors=$(sed -nE 's/^\.It Li ([a-z_]+) Pq .*/\1/p' \
	"$real/proto/gild-protocol.7")
for name in $methods; do
	doctor proto/gild-protocol.7 "s/^\\.It Ic $name\$/.It x/"
	expect 1 "gild-protocol.7 does not tell of $name" "$protocol"
	doctor proto/PROTOCOL.md "s/^### $name\$/### x/"
	expect 1 "no section \"### $name\"" "$protocol"
done
for name in $errors; do
	doctor proto/gild-protocol.7 "/^\\.It Li $name Pq /d"
	expect 1 "gild-protocol.7 does not tell of $name" "$protocol"
	doctor proto/PROTOCOL.md "/^| -[0-9]* | \`$name\` /d"
	expect 1 "\`$name\`" "$protocol"
done
doctor proto/gild-protocol.7 's/^\.It Ic server.ping$/.It Ic server.pong\n.Pp\n&/'
expect 1 'tells of server.pong, which is no method' "$protocol"
doctor proto/gild-protocol.7 's/^\.It Li busy Pq .*/&\n.It Li lazy Pq \\-32099/'
expect 1 'tells of -32099 lazy, which is no error' "$protocol"
doctor proto/PROTOCOL.md 's/^### server.ping$/### server.pong\n\n&/'
expect 1 'tells of server.pong, which is no method' "$protocol"
# The quotes are Markdown's.
# shellcheck disable=SC2016
doctor proto/PROTOCOL.md 's/^| -32000 |.*/&\n| -32099 | `lazy` | Lazy | | |/'
expect 1 'tells of -32099 lazy, which is no error' "$protocol"

echo "missing entries: $checks checks, $failures failures"
[ $failures -eq 0 ]
