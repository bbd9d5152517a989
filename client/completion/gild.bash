# Completion of gild's command line in bash. Its flags, its options and what
# these may be are read from gild -h.
# shellcheck shell=bash

# words: the command line up to the cursor's word. bash has split it at each
# = and :; what no blank stands between belongs together.
_gild_words() {
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

# Each option and the words that it may be: "pool.NAME.kind threads processes"
_gild_options() {
	awk '
		/^  [a-z_]+(\.NAME\.[a-z_]+)?(=[^ ]*)? / {
			name = $1
			sub(/=.*/, "", name)
			names[++n] = name
		}
		n > 0 && match($0, /\([a-z]+(, [a-z]+)* or [a-z]+\)$/) {
			text = substr($0, RSTART + 1, RLENGTH - 2)
			gsub(/, | or /, " ", text)
			words[n] = text
		}
		END {
			for (i = 1; i <= n; i++)
				print names[i], words[i]
		}' <<<"$help"
}

# Of the pools that there are: those of the file that -c names, or the default
# ones, and the one that is just being written
_gild_pools() {
	local written=${cur#pool.} found=''

	[[ -z $file ]] || found=$(sed -nE \
		's/^[[:blank:]]*pool[[:blank:]]+"?([a-z][a-z0-9_-]*)"?.*/\1/p' \
		"$file" 2>/dev/null)
	printf '%s\n' "${found:-$'threads\nprocesses'}"
	[[ $cur != pool.*.* ]] || printf '%s\n' "${written%%.*}"
}

# Offers these words, a line each, and no blank behind those that are a start.
# (compgen -W would expand what stands in them.)
_gild_offer() {
	local word

	while IFS= read -r word; do
		[[ -z $word || $word != "$cur"* ]] || COMPREPLY+=("$word")
	done < <(sort -u <<<"$1")
	[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[=:] ]] ||
		compopt -o nospace
}

# The value of -o: a name, or what it may be
_gild_option() {
	local name=${cur%%=*} line options pool names=''

	options=$(_gild_options)
	if [[ $cur != *=* ]]; then
		while read -r line _; do
			if [[ $line != pool.NAME.* ]]; then
				names+=$line=$'\n'
				continue
			fi
			for pool in $(_gild_pools); do
				names+=pool.$pool.${line#pool.NAME.}=$'\n'
			done
		done <<<"$options"
		_gild_offer "$names"
		return
	fi
	[[ $name != pool.*.* ]] || line=pool.NAME.${name##*.}
	line=$(grep "^${line:-$name} [a-z]" <<<"$options")
	line=${line#* }
	line=${line%"${line##*[! ]}"}
	_gild_offer "${line:+$name=${line// /$'\n'$name=}}"
}

_gild_value() {
	case $1 in
	-o | --option) _gild_option ;;
	-c | --config)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	-l | --listen)
		if [[ $cur == unix:* ]]; then
			compopt -o nospace
			mapfile -t COMPREPLY < <(compgen -f -P unix: -- "${cur#unix:}")
		else
			_gild_offer $'127.0.0.1:\nunix:'
		fi
		;;
	esac
}

_gild() {
	local program=${1/#\~/$HOME} help cur file='' waiting='' word prefix line
	local pattern='^  (-[a-zA-Z]), (--[a-z]+)( ([A-Z][^ ]*))?( |$)'
	local -a words
	local -A takes=()

	_gild_words
	cur=${words[-1]}
	help=$("$program" -h 2>/dev/null)
	while IFS= read -r line; do
		[[ $line =~ $pattern ]] || continue
		takes[${BASH_REMATCH[1]}]=${BASH_REMATCH[4]:--}
		takes[${BASH_REMATCH[2]}]=${BASH_REMATCH[4]:--}
	done <<<"$help"
	for word in "${words[@]:1:${#words[@]}-2}"; do
		case $waiting in
		-c | --config) file=$word ;;
		esac
		if [[ -n $waiting || ${takes[$word]--} == - ]]; then
			waiting=''
		else
			waiting=$word
		fi
		[[ $word != --config=* ]] || file=${word#*=}
	done
	COMPREPLY=()
	if [[ -n $waiting ]]; then
		_gild_value "$waiting"
	elif [[ $cur == --*=* ]]; then
		word=${cur%%=*}
		cur=${cur#*=}
		_gild_value "$word"
		COMPREPLY=("${COMPREPLY[@]/#/$word=}")
		cur=$word=$cur
	else
		_gild_offer "$(printf '%s\n' "${!takes[@]}")"
	fi
	# bash takes what stands behind the last = or : for the word.
	prefix=${cur%"${cur##*[=:]}"}
	[[ -z $prefix ]] || COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
}

complete -F _gild gild
