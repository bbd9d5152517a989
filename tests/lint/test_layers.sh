#!/bin/sh
# The layers lint finds what it is there for: each breach is put into a small
# tree, and the lint must name its file and line.

set -u
here=$(cd "$(dirname "$0")" && pwd -P)
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
checks=0
failures=0

# plant FILE LINE...: a clean tree, with this file
plant() {
	rm -rf "${tree:?}"/*
	mkdir -p "$tree/proto" "$tree/daemon" "$tree/client/libgil" \
		"$tree/tests"
	echo 'int frame_read(void);' >"$tree/proto/frame.h"
	printf '#include "proto/frame.h"\n' >"$tree/proto/frame.c"
	echo 'int board_map(void);' >"$tree/daemon/board.h"
	echo 'int table_print(void);' >"$tree/client/table.h"
	file=$tree/$1
	shift
	printf '%s\n' "$@" >"$file"
}

# plant_parts FILE LINE...: the same, where a frontend has parts
plant_parts() {
	plant "$@"
	{
		echo '/*'
		printf ' *\t%s.c  does\n' answer job frontend
		echo ' */'
	} >"$tree/daemon/frontend.h"
	echo 'struct answer;' >"$tree/daemon/answer.h"
	echo 'struct job;' >"$tree/daemon/job.h"
}

# expect STATUS TEXT: what the lint says of the tree
expect() {
	checks=$((checks + 1))
	said=$(cd "$tree" && srcdir="$tree" CPPFLAGS='' "$here/layers.sh" 2>&1)
	status=$?
	case $status:$said in
	$1:*"$2"*) ;;
	*)
		failures=$((failures + 1))
		echo "expected $1 and \"$2\", got $status and: $said" >&2
		;;
	esac
}

plant daemon/ok.h '#include "daemon/board.h"' '#include "proto/frame.h"'
expect 0 'no breach'
plant proto/bad.h '' '#include "daemon/board.h"'
expect 1 'proto/bad.h:2: proto/ may not include daemon/board.h'
plant proto/bad.c '#include <event2/bufferevent.h>'
expect 1 "proto/bad.c:1: proto/ knows libevent's buffers"
plant daemon/bad.c '  #  include "client/table.h"'
expect 1 'daemon/bad.c:1: daemon/ may not include client/table.h'
plant client/bad.h '/* */' '' '#include "daemon/board.h"'
expect 1 'client/bad.h:3: client/ may not include daemon/board.h'
plant client/bad.c '#include "table.h"'
expect 1 'client/bad.c:1: client/ may not include table.h'
plant client/libgil/bad.h '#include "proto/frame.h"'
expect 1 'client/libgil/bad.h:1: client/libgil/ may not include proto/frame.h'
plant proto/params.h '#include "proto/request.h"'
expect 1 'proto/params.h:1: params.c stands below proto/request.h'
plant proto/request.c '#include "proto/params.h"'
expect 0 'no breach'
plant proto/stray.c ''
expect 1 'proto/stray.c:1: has no place in the stack of proto/'
plant_parts daemon/job.c '#include "daemon/job.h"' \
	'#include "daemon/frontend.h"' '#include "daemon/answer.h"'
expect 0 'no breach'
plant_parts daemon/answer.c '' '#include "daemon/job.h"'
expect 1 'daemon/answer.c:2: answer.c stands below daemon/job.h'
plant daemon/frontend.h '/* A frontend has no parts. */' 'struct frontend;'
expect 1 'daemon/frontend.h:1: lists no parts'
plant daemon/gil.h '#include "daemon/board.h"'
expect 1 'daemon/gil.h:1: the lock stands alone'
plant daemon/gil_wait.c '#include "daemon/gil_private.h"' \
	'#include "daemon/event_ring.h"' '#include "daemon/queue.h"'
expect 1 'daemon/gil_wait.c:3: the lock stands alone'
plant daemon/parts_private.h '/* of parts.c, which has no other */'
printf '#include "daemon/parts_private.h"\n' >"$tree/daemon/parts.c"
echo 'int parts(void);' >"$tree/daemon/parts.h"
expect 0 'no breach'
plant daemon/board.c '#include <stdio.h>' '#include "daemon/board.h"'
expect 1 'daemon/board.c:1: the first include is its own header'
plant daemon/bad.h 'size_t board_size(void);'
expect 1 'daemon/bad.h:1: does not compile alone'
plant tests/bad.txt "built in $tree/build"
expect 1 'tests/bad.txt:1: names the folder it was built in'

echo "$checks checks, $failures failures"
[ $failures -eq 0 ]
