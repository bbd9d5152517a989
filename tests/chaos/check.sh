#!/bin/sh
# make check-chaos: each drill once, short. Environment: GILD, the program;
# CHAOS_SEED reruns what a seed did. 77, and why, where there is no Python.

set -u
here=$(cd "$(dirname "$0")" && pwd -P)
seed=${CHAOS_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
drills=0
failed=0
export PYTHONDONTWRITEBYTECODE=1

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
	echo 'check-chaos: skipped: there is no python3, or none from 3.10 on'
	exit 77
fi

# drill NAME ARGUMENT...
drill() {
	name=$1
	shift
	drills=$((drills + 1))
	python3 "$here/$name.py" --seed "$seed" "$@"
	case $? in
	0 | 77) ;;
	*) failed=$((failed + 1)) ;;
	esac
}

drills=1
python3 "$here/test_ledger.py" || failed=1
drill chaos --seconds 20
drill keys --times 300
drill cancels --jobs 1000
drill disks
echo "check-chaos: $drills programs, $failed failed"
[ "$failed" -eq 0 ]
