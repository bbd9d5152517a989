#!/bin/bash
# What bash offers. Run by test_completion.sh, in its folder of files: srcdir
# and scratch come from it, and a gild on unix:$scratch/s.

set -u
: "${srcdir:?}" "${scratch:?}"
# shellcheck source=/dev/null
. "$srcdir/client/completion/gilctl.bash"
# shellcheck source=/dev/null
. "$srcdir/client/completion/gild.bash"
checks=0
failures=0

# Only where bash completes may it be asked for.
compopt() {
	:
}

# ask LINE: what is offered for the last word of it, a line each, in order; the
# line is split as readline splits it
ask() {
	local program=${1%%[[:blank:]]*} rest=$1
	local pattern='^[[:blank:]]*([=:]+|[^=:[:blank:]]+)(.*)$'

	COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=() COMPREPLY=()
	while [[ $rest =~ $pattern ]]; do
		COMP_WORDS+=("${BASH_REMATCH[1]}")
		rest=${BASH_REMATCH[2]}
	done
	[[ $1 != *[=:[:blank:]] ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	"_${program##*/}" "$program"
	[[ ${#COMPREPLY[@]} -eq 0 ]] || printf '%s\n' "${COMPREPLY[@]}" | sort -u
}

# expect LINE WORDS: separated by blanks, in any order
expect() {
	local expected actual

	checks=$((checks + 1))
	expected=$(tr -s '[:space:]' '\n' <<<"$2" | sed '/^$/d' | sort -u)
	actual=$(ask "$1")
	[[ $actual == "$expected" ]] && return
	failures=$((failures + 1))
	printf 'bash: "%s" is completed by <%s>, not by <%s>\n' "$1" \
		"${actual//$'\n'/ }" "${expected//$'\n'/ }" >&2
}

# --- against what --help lists ---

flags() {
	sed -nE 's/^  ((-[a-zA-Z]), |    )(--[a-z-]+).*/\2 \3/p'
}

commands=$(gilctl --help |
	awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }')
expect 'gilctl ' "$commands"
expect 'gilctl -' "$(gilctl --help | flags)"
for command in $commands; do
	expect "gilctl --json $command -" "$(gilctl "$command" --help | flags)"
done
expect 'gild -' "$(gild -h | flags)"
settings=$(gild -h | sed -nE 's/^  ([a-z_]+|pool\.NAME\.[a-z_]+)(=[^ ]*)? .*/\1=/p')
expect 'gild -o ' "$(sed -n '/NAME/!p' <<<"$settings")
	$(sed -n 's/NAME/threads/p' <<<"$settings")
	$(sed -n 's/NAME/processes/p' <<<"$settings")"
expect 'gild -c gild.conf -o pool.' "$(sed -n 's/NAME/ticks/p' <<<"$settings")"

# words NAME: what gild -h says that an option may be
words() {
	gild -h | grep -A 1 "^  pool\.NAME\.$1[= ]\|^  $1[= ]" |
		sed -nE 's/.*\(([a-z, ]+)\)$/\1/p' | head -n 1 |
		sed 's/,/ /g; s/ or / /'
}

for name in kind affinity policy force; do
	expect "gild --option pool.mine.$name=" "$(words $name)"
done
expect 'gild -o allow_remote=' 'true false'
expect 'gilctl set threads policy=' "$(words policy)"
expect 'gilctl set threads affinity=' "$(words affinity)"
expect 'gilctl set threads force=o' 'on off'
expect 'gilctl set threads quantum_us=' ''
expect 'gilctl set threads events' 'events='
expect 'gilctl compare --arms ' "$(gilctl compare --help | tr -d '\n' |
	sed 's/.*compare these of \([a-z, ]*\).*/\1/; s/,/ /g; s/ --.*//')"

# --- the rest ---

expect 'gilctl s' 'sweep submit stats set shutdown'
expect 'gilctl pools sub' ''
expect 'gilctl submit --profile ' 'cpu native io'
expect 'gilctl submit --profile=n' 'native'
expect 'gilctl list --state ' \
	'queued running done failed cancelled timed_out unfinished ended'
expect 'gilctl history --state=' 'done failed cancelled timed_out ended'
expect 'gilctl list --since 1' '10m 1d 1w'
expect 'gilctl compare --arms threads,f' 'threads,free threads,fair'
expect 'gilctl compare --arms fair,f' 'fair,free'
expect 'gilctl -s u' 'unix:'
expect 'gilctl -s ' 'unix: 127.0.0.1:4453'
expect "gilctl -s unix:$scratch/fil" "$scratch/files"
expect "gilctl --server=unix:$scratch/fil" "$scratch/files"
expect 'gilctl sweep -o ' 'a.svg folder'
expect 'gilctl trace --output ' 'a.svg b.json folder'
expect 'gilctl trace --output=b' 'b.json'
expect 'gilctl load ' 'b.json folder'
expect 'gilctl compare-runs b.json ' 'b.json folder'
expect 'gilctl compare-runs b.json b.json ' ''
expect 'gilctl load --html ' 'folder'
expect 'gilctl load --arrival=u' 'uniform'
expect 'gilctl fit c' 'c.txt'
expect 'gilctl fit c.txt ' ''
expect 'gilctl cancel -- -' ''
expect 'gild --config gi' 'gild.conf'
expect 'gild -l u' 'unix:'
expect 'gild -vt --lis' '--listen'

pools='fair threads processes'
expect "gilctl -s unix:$scratch/s set " "$pools"
expect "gilctl submit --server unix:$scratch/s -p " "$pools"
expect "gilctl --server=unix:$scratch/s convoy --pool=t" 'threads'
expect "gilctl sweep -s unix:$scratch/s -p fair,t" 'fair,threads'
expect "gilctl -s unix:$scratch/none set " ''
GILD_SERVER=unix:$scratch/s && export GILD_SERVER
expect 'gilctl set f' 'fair'
expect "$scratch/evil/gilctl set " 'fine'

echo "completion in bash: $checks checks, $failures failures"
[[ $failures -eq 0 ]]
