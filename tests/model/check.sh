#!/bin/sh
# make check-model: has Spin look at every state that the model in gil.pml can
# reach, and demands what is known of this lock. One line a result: what was
# to be found, what was found, in how many states. What is to be found is as
# often a fault as none: a model that cannot fail proves nothing.
#
# Exit status: 0 all as expected, 1 not, 77 Spin is not installed.
# Environment: CC, a C compiler; default cc.

set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd -P)
passed=0
failed=0

if ! command -v spin >/dev/null; then
	echo 'check-model: skipped: Spin is not installed (Debian: apt-get install spin)'
	exit 77
fi
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
cd "$scratch" || exit 1

# build CLAIM DEFINE...: a verifier, and in $kind what it was compiled with.
# CLAIM "-": assertions and deadlocks only.
build() {
	kind='-DSAFETY -DNOCLAIM'
	[ "$1" = - ] || kind='-DNFAIR=5'
	shift
	# Bounded: 400 MB for the states. And no reduction: they are few enough.
	# shellcheck disable=SC2086
	spin -a "$@" "$here/gil.pml" >build.log 2>&1 &&
		"${CC:-cc}" -w -O0 -DNOREDUCE -DMEMLIM=400 $kind -o pan pan.c \
			>>build.log 2>&1
}

# found: what the verifier says, in a word or two
found() {
	if ! grep -q 'errors: ' pan.out ||
		grep -Eq 'max search depth too small|reached -DMEMLIM' pan.out; then
		echo 'no end'
	elif grep -q 'errors: 0' pan.out; then
		echo nothing
	elif grep -q '^pan:.*invalid end state' pan.out; then
		echo deadlock
	elif grep -q '^pan:.*acceptance cycle' pan.out; then
		echo starvation
	else
		# The set that it is about is the first name in it.
		sed -n 's/^pan:[0-9]*: assertion violated [ (!]*\([a-z_]*\).*/false: \1/p' \
			pan.out
	fi
}

# expect WHAT CLAIM TEXT DEFINE...
# A deadlock is sought with the assertions switched off, and what a false
# assertion is to show with the deadlocks switched off.
expect() {
	what=$1 claim=$2 text=$3
	shift 3
	defines=
	for define in "$@"; do
		defines="$defines -D$define"
	done
	case $what in
	deadlock) flags=-A ;;
	false:*) flags=-E ;;
	*) flags= ;;
	esac
	[ "$claim" = - ] || flags="$flags -a -f -N $claim"
	rm -f pan.out ./*.trail
	: >pan.out
	# shellcheck disable=SC2086
	if build "$claim" $defines; then
		timeout 120 ./pan -m1000000 -w20 $flags >pan.out 2>&1
	fi
	is=$(found)
	states=$(sed -n 's/ *\([0-9]*\) states, stored.*/\1/p' pan.out)
	printf '  %-60s %-16s %-16s %8s\n' "$text" "$what" "$is" "${states:--}"
	if [ "$is" = "$what" ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	printf 'NOT as expected. What the verifier said, and how to see the steps:\n'
	cat build.log
	head -n 20 pan.out
	echo "  spin -a$defines gil.pml; ${CC:-cc} -DNOREDUCE $kind -o pan pan.c"
	echo "  ./pan -m1000000 $flags; spin -t -p -g$defines gil.pml"
}

# All that a thread may do but for what the text says.
all='PAUSES=1 ENDS=1 INTERRUPTS=2'
# Words of $all are arguments of their own.
# shellcheck disable=SC2086
{
printf '%-62s %-16s %-16s %8s\n' \
	'what is known of this lock:' 'to be found' found states
expect nothing - '1 interval, 2 threads: one holder, no deadlock' N=2 ALARMS=2 $all
expect nothing - '1 interval, 3 threads' N=3 ALARMS=2 $all
expect nothing - '1 interval without force, 3 threads' N=3 FORCE=0 ALARMS=2 $all
expect deadlock - '2 ... a request that is not withdrawn, 2 threads' N=2 $all WITHDRAWS=0
expect deadlock - '2 ... and 3 threads' N=3 $all WITHDRAWS=0
expect starvation served '3 interval without force, 2 threads that only count' N=2 FORCE=0
expect nothing served '4 interval, 2 threads that only count' N=2
expect starvation served '5 interval, 2 threads, one leaves the lock unasked' N=2 PAUSES=1
expect starvation served '6 interval, 3 threads that only count' N=3
expect nothing served '7 fair, 3 threads that only count' N=3 POLICY=FAIR
expect nothing served '7 fair, 3 threads that do whatever they like' N=3 POLICY=FAIR ALARMS=1 $all
expect nothing - '8 fair, 3 threads: overtaken twice at most' N=3 POLICY=FAIR BOUND=2 $all
expect nothing - '8 fair, 4 threads: overtaken 3 times at most' N=4 POLICY=FAIR BOUND=3 $all

printf '%s\n' 'the other policies, and from one to another:'
expect nothing - 'fair, 3 threads: one holder, no deadlock' N=3 POLICY=FAIR ALARMS=2 $all
expect nothing - 'hold, 3 threads' N=3 POLICY=HOLD ALARMS=2 $all
expect nothing - 'ticks, 3 threads' N=3 POLICY=TICKS ALARMS=2 $all
expect starvation served 'ticks, 2 threads that only count' N=2 POLICY=TICKS
expect nothing served 'interval, 2 threads, woken for nothing' N=2 ALARMS=3
expect nothing - 'two changes of policy, 3 threads: one holder, no deadlock' N=3 CHANGES=2 $all
expect nothing served_at_last 'hold, and two changes: 2 threads, if the last promises it' N=2 POLICY=HOLD CHANGES=2 ALARMS=1 INTERRUPTS=1
expect nothing served_at_last '... 3 threads, if the last is fair' N=3 POLICY=HOLD CHANGES=2 INTERRUPTS=1

printf '%s\n' 'broken on purpose:'
expect 'false: inside' - 'takes the lock without a look' N=2 $all LOOKS=0
expect 'false: asked' - 'a request outlives its tenure' N=2 $all CLEARS=0
expect 'false: asked' - 'a request outlives the last waiter' N=2 $all WITHDRAWS=0
expect deadlock - 'who gives up keeps the wake-up of the release' N=3 POLICY=HOLD $all PASSES_ON=0
expect deadlock - 'no word to the one that waits for the switch' N=2 $all ANNOUNCES=0
expect 'false: alone' - 'who waits for the switch takes any wake-up for it' N=2 ALARMS=1 $all LOOKS_AGAIN=0
expect 'false: overtaken' - 'fair: one time fewer is too few' N=3 POLICY=FAIR BOUND=1 $all
expect 'false: overtaken' - 'interval: no such bound' N=3 BOUND=8 $all
expect 'false: overtaken' - 'fair: handed to the tail' N=3 POLICY=FAIR BOUND=2 TO_HEAD=0
expect starvation served 'fair: handed to the tail' N=3 POLICY=FAIR TO_HEAD=0
expect starvation served 'fair: no word to the new head' N=3 POLICY=FAIR TELLS_HEAD=0
expect 'false: asked' - 'asks by the policy that was' N=2 CHANGES=1 $all SAME_POLICY=0
expect starvation served_at_last 'no word of a change' N=2 POLICY=HOLD CHANGES=1 TELLS_CHANGES=0
}

printf 'check-model: %d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
