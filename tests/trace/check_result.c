/*
 * Owns: the comparison of results with what the events came to.
 */
#include "tests/trace/check_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/jobid.h"

/* The last attempt of a task, or NULL. */
static const struct task_account *
find_task(const struct check *check, struct lock_label label)
{
	for (size_t i = check->n_tasks; i > 0; i--) {
		if (lock_label_equals(check->tasks[i - 1].label, label))
			return &check->tasks[i - 1];
	}
	return NULL;
}

/* Those that other threads' events before the task's start bear upon. */
static bool
counter_needs_certainty(const char *name)
{
	return strcmp(name, "switches") == 0 || strcmp(name, "battles") == 0 ||
	    strcmp(name, "wakeup_ns") == 0 ||
	    strcmp(name, "longest_wakeup_ns") == 0;
}

static void
compare_records(struct check *check, const char *task,
    const struct task_account *account, const struct lock_record *told)
{
	for (size_t i = 0; i < LOCK_COUNTERS; i++) {
		uint64_t seen = lock_record_get(&account->record, i);
		uint64_t said = lock_record_get(told, i);

		if (seen != said &&
		    (account->is_certain ||
			!counter_needs_certainty(lock_counters[i].name)))
			check_complain(check,
			    "%s: %s is %" PRIu64 " by its events, and its "
			    "record says %" PRIu64,
			    task, lock_counters[i].name, seen, said);
	}
	if (told->drop_requests !=
	    told->honoured + told->superseded + told->missed)
		check_complain(check,
		    "%s: its drop requests are not what became of them", task);
}

/* What one blame has of a label. */
static uint64_t
blamed_ns(const struct lock_blame *blame, struct lock_label label)
{
	for (uint32_t i = 0; i < blame->n_blockers; i++) {
		if (lock_label_equals(blame->blockers[i].label, label))
			return blame->blockers[i].wait_ns;
	}
	return 0;
}

static void
compare_blame(struct check *check, const char *task,
    const struct lock_blame *seen, const struct lock_blame *said)
{
	if (seen->n_blockers != said->n_blockers)
		check_complain(check,
		    "%s: by its events %" PRIu32 " tasks blocked it, and it "
		    "names %" PRIu32,
		    task, seen->n_blockers, said->n_blockers);
	if (seen->others_ns != said->others_ns)
		check_complain(check,
		    "%s: by its events others blocked it for %" PRIu64
		    " ns, and it says %" PRIu64,
		    task, seen->others_ns, said->others_ns);
	for (uint32_t i = 0; i < seen->n_blockers; i++) {
		struct lock_label label = seen->blockers[i].label;
		struct job_id id = {label.job[0], label.job[1]};
		uint64_t seen_ns = seen->blockers[i].wait_ns;
		uint64_t said_ns = blamed_ns(said, label);
		char job[JOB_ID_CHARS + 1];

		job_id_format(id, job);
		if (seen_ns != said_ns)
			check_complain(check,
			    "%s: by its events %s.%" PRIu32
			    " blocked it for %" PRIu64
			    " ns, and it says %" PRIu64,
			    task, job, label.task, seen_ns, said_ns);
	}
}

static void
compare_task(struct check *check, const char *name,
    const struct task_account *account, const struct task_result *told)
{
	check->figures.compared++;
	check->figures.certain += account->is_certain;
	check->figures.within +=
	    account->ns + told->wall_ns / 100 + 5000 >= told->wall_ns;
	compare_records(check, name, account, &told->lock);
	if (account->is_certain)
		compare_blame(check, name, &account->blame, &told->blame);
	if (account->ns > told->wall_ns)
		check_complain(check,
		    "%s: it took %" PRIu64 " ns of wall time, and %" PRIu64
		    " from its first event to its last",
		    name, told->wall_ns, account->ns);
}

void
check_result(struct check *check, const struct job_result *result)
{
	for (uint32_t i = 0; i < result->n_tasks && result->has_lock; i++) {
		const struct task_result *told = &result->tasks[i];
		struct lock_label label = {
		    {result->job.high, result->job.low}, i};
		const struct task_account *account = find_task(check, label);
		char name[JOB_ID_CHARS + 24];

		if (told->pid == 0)
			continue; /* it never began */
		job_id_format(result->job, name);
		snprintf(name + JOB_ID_CHARS, sizeof(name) - JOB_ID_CHARS,
		    ".%" PRIu32, i);
		if (account != NULL)
			compare_task(check, name, account, told);
		else if (check->figures.lost == 0)
			check_complain(
			    check, "%s: it ran, and has no events", name);
	}
}
