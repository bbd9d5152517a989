#!/bin/sh
# A scripted client in the shell: jobs as lines of JSON into `gilctl submit -`,
# results as lines of JSON out of it, and the percentiles of how long gild took.
#
#	submit.sh [JOBS [IN_FLIGHT]]
#
# JOBS (1000) jobs of three sizes, IN_FLIGHT (16) at a time. It is a closed loop:
# who waits for an answer sends nothing meanwhile, so a gild that stands still is
# asked less. What comes whatever gild does is `gilctl load`.

jobs=${1:-1000}
in_flight=${2:-16}
results=$(mktemp) || exit 1
trap 'rm -f "$results"' EXIT

seq "$jobs" | awk '{
	printf "{\"count\": %d, \"pool\": \"%s\"}\n", 10 ^ (3 + $1 % 3),
	    $1 % 2 ? "processes" : "threads"
}' | gilctl submit --in-flight "$in_flight" - >"$results" || exit

# Of each result its pool and how long it took, from line to answer.
sed -n 's/.*"state":"done".*"pool":"\([a-z]*\)".*"total_ns":\([0-9]*\).*/\1 \2/p' \
	"$results" | sort -k 1,1 -k 2,2n | awk '
	function finish() {
		if (n > 0)
			printf "%-10s %6d jobs  p50 %8.3f ms  p99 %8.3f ms  max %8.3f ms\n",
			    pool, n, at(0.5), at(0.99), ns[n] / 1e6
	}
	function at(p,  i) {
		i = int(p * n)
		return ns[i < p * n ? i + 1 : i] / 1e6
	}
	$1 != pool { finish(); pool = $1; n = 0 }
	{ ns[++n] = $2 }
	END { finish() }'
