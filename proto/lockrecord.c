/*
 * Owns: the table of a lock record's counters, and how records add up. Pure;
 * any process and thread.
 */
#include "proto/lockrecord.h"

#include <string.h>

#define SUM(counter)                                            \
	{                                                       \
		.name = #counter, .token = NAME_TOKEN(#counter) \
	}
#define LONGEST(counter)                                         \
	{                                                        \
		.name = #counter, .token = NAME_TOKEN(#counter), \
		.is_longest = true                               \
	}

const struct lock_counter lock_counters[LOCK_COUNTERS] = {
    SUM(acquisitions),
    SUM(switches),
    SUM(requests_sent),
    SUM(drop_requests),
    SUM(honoured),
    SUM(superseded),
    SUM(missed),
    SUM(withdrawn),
    SUM(battles),
    SUM(battles_lost),
    SUM(held_ns),
    SUM(wait_ns),
    SUM(switch_wait_ns),
    SUM(native_ns),
    SUM(io_ns),
    SUM(io_operations),
    SUM(wakeups),
    SUM(wakeup_ns),
    SUM(safepoint_ns),
    LONGEST(longest_hold_ns),
    LONGEST(longest_wait_ns),
    LONGEST(longest_wakeup_ns),
    LONGEST(longest_safepoint_ns),
};

uint64_t
lock_record_get(const struct lock_record *record, size_t i)
{
	uint64_t value;

	memcpy(&value, (const char *)record + i * sizeof(value), sizeof(value));
	return value;
}

void
lock_record_set(struct lock_record *record, size_t i, uint64_t value)
{
	memcpy((char *)record + i * sizeof(value), &value, sizeof(value));
}

void
lock_record_add(struct lock_record *sum, const struct lock_record *add)
{
	for (size_t i = 0; i < LOCK_COUNTERS; i++) {
		uint64_t a = lock_record_get(sum, i);
		uint64_t b = lock_record_get(add, i);

		if (!lock_counters[i].is_longest)
			lock_record_set(sum, i, a + b);
		else if (b > a)
			lock_record_set(sum, i, b);
	}
}

bool
lock_histograms_are_empty(const struct lock_histograms *histograms)
{
	return histogram_count(&histograms->hold) == 0 &&
	    histogram_count(&histograms->wait) == 0 &&
	    histogram_count(&histograms->io) == 0;
}

void
lock_histograms_merge(
    struct lock_histograms *sum, const struct lock_histograms *add)
{
	histogram_merge(&sum->hold, &add->hold);
	histogram_merge(&sum->wait, &add->wait);
	histogram_merge(&sum->io, &add->io);
}

bool
lock_label_equals(struct lock_label a, struct lock_label b)
{
	return a.job[0] == b.job[0] && a.job[1] == b.job[1] && a.task == b.task;
}

void
lock_blame_add(
    struct lock_blame *blame, struct lock_label label, uint64_t wait_ns)
{
	struct lock_blocker *blocker = blame->blockers;
	struct lock_blocker *end = blocker + blame->n_blockers;

	while (blocker < end && !lock_label_equals(blocker->label, label))
		blocker++;
	if (blocker < end) {
		blocker->wait_ns += wait_ns;
	} else if (blame->n_blockers < LOCK_MAX_BLOCKERS) {
		*blocker = (struct lock_blocker){label, wait_ns};
		blame->n_blockers++;
	} else {
		blame->others_ns += wait_ns;
	}
}
