#!/bin/zsh -f
# What zsh offers. Run by test_completion.sh, in its folder of files: srcdir and
# scratch come from it, and a gild on unix:$scratch/s. A zsh on a terminal of
# its own completes lines; its compadd tells instead of adding.

emulate -R zsh
zmodload zsh/zpty || exit 1
checks=0
failures=0

for file in _gilctl _gild; do
	zsh -n $srcdir/client/completion/$file || exit 1
done

# Read by the other zsh before the first line.
cat >$scratch/zshrc <<'RC'
unsetopt beep
stty -echo -onlcr
PS1= PS2= RPS1=
fpath=($srcdir/client/completion $fpath)
autoload -Uz compinit && compinit -u -D
bindkey -e
bindkey '^I' complete-word
zstyle ':completion:*' list-colors ''
zstyle ':completion:*' verbose no
tell_end() { print -r -- '<END>'; comppostfuncs=(tell_end) }
comppostfuncs=(tell_end)
compadd() {
	local -a hits
	local ending=''

	# It is asked what there is, not to offer it.
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
		builtin compadd "$@"
		return
	fi
	[[ ${@[(i)-S]} -gt $# ]] || ending=${@[${@[(i)-S]}+1]}
	builtin compadd -A hits "$@"
	(( ! $#hits )) || print -rl -- '<HIT>'$^hits
	builtin compadd "$@"
}
print -r -- '<READY>'
RC

zpty -b other zsh -f -i || exit 1
# said MARK: what comes until a line of the other zsh is this mark
said() {
	local text='' more
	integer limit=$(( SECONDS + 20 * ${GILD_TEST_SCALE:-1} ))

	while [[ $text != *$1* ]]; do
		if zpty -rt other more; then
			text+=$more
		elif (( SECONDS > limit )); then
			print -ru2 -- "zsh says no $1: $text"
			exit 1
		else
			zselect -t 2
		fi
	done
	REPLY=$text
}
zmodload zsh/zselect || exit 1

zpty -w other "srcdir=${(q)srcdir} . ${(q)scratch}/zshrc"
said '<READY>'

# ask LINE: into $reply, what is offered
ask() {
	zpty -w -n other $'\C-u'$1$'\t'
	said '<END>'
	reply=(${(f)${(j:
:)${(M)${(f)REPLY//$'\r'/}:#*\<HIT\>*}##*\<HIT\>}})
	reply=(${(ou)reply})
}

# expect LINE WORD...: in any order
expect() {
	local line=$1
	local -a expected

	shift
	expected=(${(ou)@})
	(( checks += 1 ))
	ask $line
	[[ "$reply" == "$expected" ]] && return
	(( failures += 1 ))
	print -ru2 -- "zsh: \"$line\" is completed by <$reply>, not by <$expected>"
}

# --- against what --help lists ---

flags() {
	sed -nE 's/^  ((-[a-zA-Z]), |    )(--[a-z-]+).*/\2 \3/p'
}

names=(${(f)"$(gilctl --help |
	awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }')"})
expect 'gilctl ' $names
expect 'gilctl -' $(gilctl --help | flags)
for command in $names; do
	expect "gilctl --json $command -" $(gilctl $command --help | flags)
done
expect 'gild -' $(gild -h | flags)
settings=($(gild -h |
	sed -nE 's/^  ([a-z_]+|pool\.NAME\.[a-z_]+)(=[^ ]*)? .*/\1/p'))
expect 'gild -o ' ${^${settings:#pool.*}}= ${^${(M)settings:#pool.*}/NAME/threads}= \
	${^${(M)settings:#pool.*}/NAME/processes}=
expect 'gild -c gild.conf -o pool.' ${^${(M)settings:#pool.*}/NAME/ticks}=

# words NAME: what gild -h says that an option may be
words() {
	gild -h | grep -A 1 "^  pool\.NAME\.$1[= ]\|^  $1[= ]" |
		sed -nE 's/.*\(([a-z, ]+)\)$/\1/p' | head -n 1 |
		sed 's/,/ /g; s/ or / /'
}

for name in kind affinity policy force; do
	expect "gild --option pool.mine.$name=" $(words $name)
done
expect 'gild -o allow_remote=' true false
expect 'gilctl set threads policy=' $(words policy)
expect 'gilctl set threads affinity=' $(words affinity)
expect 'gilctl set threads force=o' on off
expect 'gilctl set threads quantum_us='
expect 'gilctl set threads events' events=

# --- the rest ---

expect 'gilctl s' sweep submit stats set shutdown
expect 'gilctl pools sub'
expect 'gilctl submit --profile ' cpu native io
expect 'gilctl submit --profile=n' native
expect 'gilctl list --state ' queued running done failed cancelled timed_out \
	unfinished ended
expect 'gilctl history --state=' done failed cancelled timed_out ended
expect 'gilctl list --since 1' 10m 1d 1w
expect 'gilctl compare --arms threads,f' fair free
expect 'gilctl -s u' unix:
expect 'gilctl info -s ' unix: 127.0.0.1:4453
expect 'gilctl sweep -o ' a.svg folder
expect 'gilctl trace --output ' a.svg b.json folder
expect 'gilctl load ' b.json folder
expect 'gilctl compare-runs b.json ' b.json folder
expect 'gilctl load --html ' folder
expect 'gilctl load --arrival u' uniform
expect 'gilctl fit c' c.txt
expect 'gild --config gi' gild.conf
expect 'gild -l u' unix:
expect 'gild -vt --lis' --listen

pools=(fair threads processes)
expect "gilctl -s unix:$scratch/s set " $pools
expect "gilctl submit --server unix:$scratch/s -p " $pools
expect "gilctl --server=unix:$scratch/s convoy --pool=t" threads
expect "gilctl sweep -s unix:$scratch/s -p fair,t" threads
expect "gilctl -s unix:$scratch/none set "
zpty -w other $'\C-u'"export GILD_SERVER=unix:$scratch/s"
expect 'gilctl set f' fair
expect "$scratch/evil/gilctl -s unix:$scratch/s set " fine

print "completion in zsh: $checks checks, $failures failures"
zpty -d other
(( failures == 0 ))
