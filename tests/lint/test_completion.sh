#!/bin/sh
# Completion in bash and in zsh offers what --help lists: every command, every
# option of each, and the words that options may be. A shell that is not
# installed is skipped; exit status 77 where both are.
#
# Environment: GILD and GILCTL name the programs, srcdir the sources.

set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd -P)
srcdir=$(cd "${srcdir:-.}" && pwd -P)
scratch=$(mktemp -d) || exit 2
# The socket's name has to fit.
daemon=
failures=0
shells=0

clean_up() {
	[ -z "$daemon" ] || {
		kill -TERM "$daemon"
		wait "$daemon"
	}
	rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The programs are looked for by their names, as they are typed.
mkdir "$scratch/bin"
ln -s "$(realpath "${GILD:-./gild}")" "$scratch/bin/gild"
ln -s "$(realpath "${GILCTL:-./gilctl}")" "$scratch/bin/gilctl"
export PATH="$scratch/bin:$PATH" srcdir scratch
unset GILD_SERVER

# A daemon with a pool more, which completion has to ask for its pools.
mkfifo "$scratch/said"
gild -l "unix:$scratch/s" -o pool.fair.kind=threads -o pool.fair.policy=fair \
	>"$scratch/said" 2>"$scratch/log" &
daemon=$!
exec 3<"$scratch/said"
while read -r line <&3; do
	[ "$line" != ready ] || break
done
[ "${line-}" = ready ] || {
	cat "$scratch/log" >&2
	exit 2
}

# Files to choose from, a configuration, and a gilctl whose daemon has pools
# with names that no pool has.
mkdir -p "$scratch/files/folder" "$scratch/evil"
: >"$scratch/files/a.svg"
: >"$scratch/files/b.json"
: >"$scratch/files/c.txt"
echo 'pool "ticks" { kind = threads }' >"$scratch/files/gild.conf"
cat >"$scratch/evil/gilctl" <<'EVIL'
#!/bin/sh
case " $* " in
*' pools '*) printf 'pool,kind\n$(touch pwned)x,threads\n`touch pwned`,x\nfine,x\n' ;;
*) exec gilctl "$@" ;;
esac
EVIL
chmod +x "$scratch/evil/gilctl"
cd "$scratch/files" || exit 2

for shell in bash zsh; do
	if ! command -v $shell >/dev/null; then
		echo "skipped: $shell is not installed"
		continue
	fi
	shells=$((shells + 1))
	$shell "$here/completion.$shell" </dev/null || failures=$((failures + 1))
	[ ! -e pwned ] || {
		echo "$shell ran what a daemon said" >&2
		failures=$((failures + 1))
		rm -f pwned
	}
done
[ $shells -gt 0 ] || exit 77
[ $failures -eq 0 ]
