#!/bin/sh
# make lint: what needs tools that not everybody has. One line a check; a
# tool that is missing fails. Environment: srcdir, CC and CPPFLAGS as make
# gives them.

set -u
here=$(cd "$(dirname "$0")" && pwd -P)
folders=
checks=0
failures=0

# check NAME COMMAND...: quiet where it is content
check() {
	name=$1
	shift
	checks=$((checks + 1))
	if said=$("$@" 2>&1); then
		echo "  $name: fine"
	else
		failures=$((failures + 1))
		echo "  $name: NOT fine"
		printf '%s\n' "$said"
	fi
}

layers=$(cd . && "$here/layers.sh" 2>&1)
layers_status=$?
say_layers() {
	printf '%s\n' "$layers"
	return $layers_status
}

cd "${srcdir:-.}" || exit 2
for folder in proto daemon client tests; do
	[ -d $folder ] && folders="$folders $folder"
done

# find_files PATTERN: of our folders
find_files() {
	# The folders are a list.
	# shellcheck disable=SC2086
	find $folders systemd -name "$1" -type f 2>/dev/null | LC_ALL=C sort
}

scripts() {
	{
		printf '%s\n' quickstart .ci/run tests/lint/completion.bash \
			systemd/debian/gild.postrm
		find . -path './build*' -prune -o -name '*.sh' -type f -print
	} | while read -r file; do
		head -n 1 "$file" | grep -q '^#!.*sh' && echo "$file"
	done
}

check_format() {
	find_files '*.[ch]' | xargs clang-format --dry-run -Werror
}

check_cppcheck() {
	# Its posix.cfg does not know that mmap() takes -1; and in units.c it
	# does not see what is written through a pointer.
	# shellcheck disable=SC2086
	cppcheck --quiet --error-exitcode=1 --std=c11 \
		--enable=warning,performance --library=gnu --library=posix \
		--suppress=missingIncludeSystem \
		--suppress=invalidFunctionArg \
		--suppress=uninitvar:client/units.c \
		-I. --library=tests/lint/cppcheck.cfg $folders
}

check_shell() {
	scripts | xargs shellcheck
}

check_python() {
	find_files '*.py' | xargs python3 tests/lint/python.py
}

check_manuals() {
	# It takes itself for skipped, with 77, where there is no mandoc.
	srcdir=. tests/lint/mandoc.sh
}

check_completion() {
	# zsh has no shellcheck; it reads what it would run.
	shellcheck client/completion/*.bash &&
		for file in client/completion/_* tests/lint/completion.zsh; do
			zsh -n "$file" || return
		done
}

check_endings() {
	# No blanks at line ends; Markdown and manuals too.
	! grep -rnI '[[:blank:]]$' --include='*.[ch1-8]' --include='*.sh' \
		--include='*.md' --include='*.mk' --include='*.am' \
		--include='*.ac' proto daemon client tests systemd ./*.md \
		./*.am ./*.ac quickstart .ci/run 2>/dev/null
}

echo lint:
check layers say_layers
check clang-format check_format
check cppcheck check_cppcheck
check shellcheck check_shell
check python check_python
check completion check_completion
check mandoc check_manuals
check 'blanks at line ends' check_endings
echo "lint: $checks checks, $failures failures"
[ $failures -eq 0 ]
