#!/bin/sh
# gilctl.1 and --help say the same: every command, every option of each command
# (where the command is explained, and in its synopsis) and every exit status of
# the one is in the other. And no line of a --help is longer than 80 columns.
#
# Environment: GILCTL names the program, srcdir the sources.

set -u
export LC_ALL=C
gilctl=${GILCTL:-./gilctl}
manual=${srcdir:-.}/client/gilctl.1
checks=0
failures=0

# compare WHAT HELP MANUAL: two lists, a word a line
compare() {
	checks=$((checks + 1))
	[ -n "$2" ] && [ "$2" = "$3" ] && return
	failures=$((failures + 1))
	echo "$1: --help has <$(echo "$2" | tr '\n' ' ')>" \
		"and gilctl.1 has <$(echo "$3" | tr '\n' ' ')>" >&2
}

# help_commands: their names, from the list that gilctl --help prints
help_commands() {
	"$gilctl" --help |
		awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' |
		sort
}

manual_commands() {
	sed -n 's/^\.Ss //p' "$manual" | sort
}

# flags: -x and --xyz at the start of each line of an option list
flags() {
	sed -nE 's/^  ((-[a-zA-Z]), |    )(--[a-z-]+).*/\2 \3/p' |
		tr ' ' '\n' | sed '/^$/d' | sort
}

# section HEAD: of the manual, from a .Sh or .Ss to the next
section() {
	awk -v head="$1" '/^\.S[hs] / { on = $0 == head; next } on' "$manual"
}

# manual_flags: those that a list explains (.It Fl x Ar ... , Fl \-xyz Ar ...)
manual_flags() {
	sed -n 's/^\.It Fl //p' | sed 's/ , Fl /\n/g' |
		sed -E 's/^\\-/-/; s/ .*//; s/^/-/' | sort
}

# synopsis_flags: those above the first paragraph, as they are written there: the
# letter where an option has one
synopsis_flags() {
	sed '/^\.Pp/,$d' | sed 's/ Fl /\n.Fl /g' | sed -n 's/^\.Fl //p' |
		sed -E 's/^\\-/-/; s/ .*//; s/^/-/' | sort -u
}

# help_synopsis_flags: what should stand there
help_synopsis_flags() {
	sed -nE 's/^  (-[a-zA-Z]), --.*/\1/p; s/^      (--[a-z-]+).*/\1/p' | sort
}

# global_options and own_options of a help text
global_options() {
	awk '/^(Global options:|Options, before)/ { on = 1; next }
		/^$/ { on = 0 } on'
}

own_options() {
	awk '/^Options:/ { on = 1; next } /^$/ { on = 0 } on'
}

# fits WHAT HELP: each line of it into 80 columns
fits() {
	checks=$((checks + 1))
	echo "$2" | awk 'length > 80 { print; long = 1 } END { exit long }' >&2 &&
		return
	failures=$((failures + 1))
	echo "$1: longer than 80 columns, see above" >&2
}

commands=$(help_commands)
fits 'gilctl --help' "$("$gilctl" --help)"
compare commands "$commands" "$(manual_commands)"
compare 'global options' "$("$gilctl" --help | global_options | flags)" \
	"$(section '.Sh DESCRIPTION' | manual_flags)"
for command in $commands; do
	fits "gilctl $command --help" "$("$gilctl" "$command" --help)"
	own=$("$gilctl" "$command" --help | own_options | flags)
	# A command may have none; both lists then say so.
	compare "options of $command" "${own:-none}" \
		"$(section ".Ss $command" | manual_flags |
			grep . || echo none)"
	own=$("$gilctl" "$command" --help | own_options | help_synopsis_flags)
	compare "synopsis of $command" "${own:-none}" \
		"$(section ".Ss $command" | synopsis_flags | grep . || echo none)"
	compare "global options in $command --help" \
		"$("$gilctl" "$command" --help | global_options | flags)" \
		"$(section '.Sh DESCRIPTION' | manual_flags)"
done
compare 'exit status' \
	"$("$gilctl" --help |
		awk '/^Exit status:/ { on = 1; next } on && /^  [0-9]/ { print $1 }')" \
	"$(section '.Sh EXIT STATUS' | sed -n 's/^\.It //p')"

echo "gilctl.1: $checks checks, $failures failures"
[ $failures -eq 0 ]
