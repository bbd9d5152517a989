#!/bin/sh
# The benchmark's client, workers and servers, with few jobs: each job is
# answered, and once. Servers that are not installed are skipped. Environment:
# srcdir, builddir and GILD. 77, and why, where there is no Python.

set -u
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
	echo 'test_peers: skipped: there is no python3, or none from 3.10 on'
	exit 77
fi
PYTHONDONTWRITEBYTECODE=1 exec python3 "${srcdir:-.}/tests/bench/peers/test_peers.py"
