#!/bin/sh
# gild(8) explains the flags that gild -h shows, and no others. Environment:
# srcdir and GILD as make check gives them.

set -u
manual=${srcdir:-.}/daemon/gild.8
failures=0

# Lines such as "-c, --config FILE  ..." and ".It Fl c , -config Ar file".
"${GILD:-./gild}" -h >help.$$ || exit 1
in_help=$(sed -n 's/^  -\([[:alpha:]]\), --\([a-z]*\) .*/\1 \2/p' help.$$ | sort)
in_manual=$(sed -n 's/^\.It Fl \([[:alpha:]]\) , -\([a-z]*\).*/\1 \2/p' \
	"$manual" | sort)
rm -f help.$$

# fail TEXT...
fail() {
	echo "not ok: $*"
	failures=$((failures + 1))
}

[ -n "$in_help" ] || fail 'gild -h shows no flags'
[ "$in_help" = "$in_manual" ] ||
	fail "gild -h shows, and $manual explains:" "$in_help" / "$in_manual"

# The synopsis has each letter, alone or among those that take no value.
for letter in $(echo "$in_help" | cut -d ' ' -f 1); do
	sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$manual" |
		grep -q "^\.Op Fl [[:alpha:]]*$letter" ||
		fail "the synopsis of $manual has no -$letter"
done

[ $failures -eq 0 ] && echo "$manual: $(echo "$in_help" | wc -l) flags, all explained"
[ $failures -eq 0 ]
