# Completion of gilctl's command line in bash. What there is, gilctl itself says:
# its commands and options are read from its --help, and the names of pools come
# from the daemon, where one answers within a second.
# shellcheck shell=bash

# words: the command line up to the cursor's word. bash has split it at each
# = and :; what no blank stands between belongs together.
_gilctl_words() {
	local line=$COMP_LINE rest word i

	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		rest=${line#"${line%%[![:blank:]]*}"}
		if [[ $i -gt 0 && $rest == "$line" ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
		line=${rest#"$word"}
	done
}

# takes[OPTION]: the name of its value, or - where it takes none; for each
# option in the help text
_gilctl_read_options() {
	local line
	local pattern='^  (   |(-[a-zA-Z]),) (--[a-z-]+)( ([A-Z][^ ]*))?( |$)'

	while IFS= read -r line; do
		[[ $line =~ $pattern ]] || continue
		takes[${BASH_REMATCH[3]}]=${BASH_REMATCH[5]:--}
		[[ -z ${BASH_REMATCH[2]} ]] ||
			takes[${BASH_REMATCH[2]}]=${BASH_REMATCH[5]:--}
	done <<<"$1"
}

_gilctl_commands() {
	awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' <<<"$1"
}

_gilctl_pools() {
	timeout 1 "$program" ${server:+-s "$server"} --connect-timeout 300 \
		--csv pools 2>/dev/null | sed -nE '1d; s/^([a-z][a-z0-9_-]*),.*/\1/p'
}

# Of list and history, whose --help names them
_gilctl_states() {
	"$program" "$command" --help 2>/dev/null | awk '
		/^ *--state / { on = 1; $1 = $2 = "" }
		on && $1 ~ /^-/ { exit }
		on { gsub(/[,;]| or /, " "); $1 = $1; gsub(/ +/, "\n"); print }' |
		sed '/^$/d; /^or$/d'
}

# The ids of jobs that collect or cancel may be about, from the daemon
_gilctl_jobs() {
	timeout 1 "$program" ${server:+-s "$server"} --connect-timeout 300 \
		--csv list --newest "$@" 2>/dev/null |
		sed -nE '1d; s/^([0-9A-Z]{26}),.*/\1/p'
}

# What set takes: "NAME VALUES", a line each
_gilctl_settings() {
	"$program" set --help 2>/dev/null | sed -nE '
		/^  [a-z_]+=/! d
		s/^  ([a-z_]+)=([^ ]+) +(.*)/\1 \2, \3/
		s/^([a-z_]+) N, .*/\1/
		s/ or |[|:]/,/g
		p' | awk '{
			name = $1
			sub(/^[^ ]+ ?/, "")
			n = split($0, parts, /, */)
			for (i = 1; i <= n; i++)
				if (parts[i] ~ /^[a-z]+$/)
					name = name " " parts[i]
			print name
		}'
}

# Offers these words, a line each, and no blank behind those that end in =.
# (compgen -W would expand what stands in them.)
_gilctl_offer() {
	local word

	while IFS= read -r word; do
		[[ -z $word || $word != "$cur"* ]] || COMPREPLY+=("$word")
	done <<<"$1"
	[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}

# The same where several stand with commas between them
_gilctl_offer_list() {
	local done='' word

	[[ $cur != *,* ]] || done=${cur%,*},
	while IFS= read -r word; do
		[[ -z $word || $word != "${cur##*,}"* || ,$done == *",$word,"* ]] ||
			COMPREPLY+=("$done$word")
	done <<<"$1"
	compopt -o nospace
}

# Offers folders and, of the files, those with these endings: "svg|json"
_gilctl_offer_files() {
	compopt -o filenames
	mapfile -t COMPREPLY < <(compgen -d -- "$cur"
		compgen -f -- "$cur" | grep -E "\.($1)\$")
}

_gilctl_offer_servers() {
	if [[ $cur == unix:* ]]; then
		compopt -o nospace
		mapfile -t COMPREPLY < <(compgen -f -P unix: -- "${cur#unix:}")
		return
	fi
	_gilctl_offer $'127.0.0.1:4453\nunix:'
	[[ ${COMPREPLY[0]-} != unix: ]] || compopt -o nospace
}

# The value of an option
_gilctl_value() {
	case $1 in
	-s | --server) _gilctl_offer_servers ;;
	-p | --pool) _gilctl_offer "$(_gilctl_pools)" ;;
	--pools) _gilctl_offer_list "$(_gilctl_pools)" ;;
	--profile) _gilctl_offer $'cpu\nnative\nio' ;;
	--arrival) _gilctl_offer $'poisson\nuniform' ;;
	--html) _gilctl_offer_files html ;;
	--hgrm) _gilctl_offer_files hgrm ;;
	--state) _gilctl_offer "$(_gilctl_states)" ;;
	--since | --until) _gilctl_offer $'10m\n2h\n1d\n1w' ;;
	--arms)
		_gilctl_offer_list "$(printf '%s\n' threads fair ticks native \
			free processes hold io)"
		;;
	-o | --output)
		case ${takes[$1]} in
		*.svg) _gilctl_offer_files svg ;;
		*) _gilctl_offer_files 'svg|json' ;;
		esac
		;;
	esac
}

# -p of one command takes a pool, and of another several
_gilctl_value_of() {
	if [[ $1 == -p && ${takes[$1]} == *,* ]]; then
		_gilctl_value --pools
	else
		_gilctl_value "$1"
	fi
}

_gilctl_operand() {
	local line

	case $command:$n_operands in
	fit:0)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	load:0 | compare-runs:[01]) _gilctl_offer_files json ;;
	collect:*) _gilctl_offer "$(_gilctl_jobs)" ;;
	cancel:*) _gilctl_offer "$(_gilctl_jobs --state unfinished)" ;;
	set:0) _gilctl_offer "$(_gilctl_pools)" ;;
	set:*)
		if [[ $cur != *=* ]]; then
			_gilctl_offer "$(_gilctl_settings | sed 's/ .*//; s/$/=/')"
			return
		fi
		line=$(_gilctl_settings | grep "^${cur%%=*} ")
		line=${line#* }
		_gilctl_offer "${line:+${cur%%=*}=${line// /$'\n'${cur%%=*}=}}"
		;;
	esac
}

_gilctl() {
	local program=${1/#\~/$HOME} help cur command='' server='' waiting=''
	local n_operands=0 only_operands='' word prefix
	local -a words
	local -A takes=()

	_gilctl_words
	cur=${words[-1]}
	help=$("$program" --help 2>/dev/null)
	_gilctl_read_options "$help"
	for word in "${words[@]:1:${#words[@]}-2}"; do
		if [[ -n $waiting ]]; then
			case $waiting in
			-s | --server) server=$word ;;
			esac
			waiting=''
		elif [[ $word == -- ]]; then
			only_operands=yes
		elif [[ $word == --server=* ]]; then
			server=${word#*=}
		elif [[ $word == -?* && -z $only_operands ]]; then
			[[ ${takes[$word]--} == - ]] || waiting=$word
		elif [[ -z $command ]]; then
			command=$word
			_gilctl_read_options "$("$program" "$word" --help 2>/dev/null)"
		else
			((n_operands += 1))
		fi
	done
	COMPREPLY=()
	if [[ -n $waiting ]]; then
		_gilctl_value_of "$waiting"
	elif [[ $cur == --*=* && -z $only_operands ]]; then
		word=${cur%%=*}
		cur=${cur#*=}
		_gilctl_value_of "$word"
		COMPREPLY=("${COMPREPLY[@]/#/$word=}")
		cur=$word=$cur
	elif [[ $cur == -* && -z $only_operands ]]; then
		_gilctl_offer "$(printf '%s\n' "${!takes[@]}")"
	elif [[ -z $command ]]; then
		_gilctl_offer "$(_gilctl_commands "$help")"
	else
		_gilctl_operand
	fi
	# bash takes what stands behind the last = or : for the word.
	prefix=${cur%"${cur##*[=:]}"}
	[[ -z $prefix ]] || COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
}

complete -F _gilctl gilctl
