/*
 * The daemon's clocks overlap: a thread that waits for the lock may have been
 * given it and wait for a CPU now. Its lock wait is what it is; of the rest of
 * its wall time, in which it had work to do, its CPU clock says how much it
 * ran, and the kernel's schedstat how long it waited for a CPU.
 *
 * Pure.
 */
#include "client/split.h"

#include "client/parts.h"

static const struct {
	const char *label;
	const char *name;
} parts[SPLIT_PARTS] = {
    [SPLIT_RUN] = {"run", "run_ns"},
    [SPLIT_NATIVE] = {"native", "native_ns"},
    [SPLIT_LOCK_WAIT] = {"lock wait", "lock_wait_ns"},
    [SPLIT_SWITCH_WAIT] = {"switch wait", "switch_wait_ns"},
    [SPLIT_CPU_WAIT] = {"CPU wait", "cpu_wait_ns"},
    [SPLIT_IO] = {"io", "io_ns"},
    [SPLIT_START_UP] = {"start-up", "start_up_ns"},
    [SPLIT_IDLE] = {"idle", "idle_ns"},
    [SPLIT_DISPATCH] = {"dispatch", "dispatch_ns"},
    [SPLIT_REST] = {"rest", "rest_ns"},
};

const char *
split_part_label(enum split_part part)
{
	return parts[part].label;
}

const char *
split_part_name(enum split_part part)
{
	return parts[part].name;
}

/* Up to `want` of what is left, for a part. */
static uint64_t
cut(struct split *split, enum split_part part, uint64_t want, uint64_t *left)
{
	uint64_t got = want < *left ? want : *left;

	split->ns[part] += got;
	*left -= got;
	return got;
}

/* The wall time of one task. */
static void
add_wall(struct split *split, const struct task_result *task, uint64_t wall_ns)
{
	const struct lock_record *lock = &task->lock;
	uint64_t left = wall_ns;
	uint64_t native_ns, working_ns, used_ns;

	cut(split, SPLIT_LOCK_WAIT, lock->wait_ns, &left);
	cut(split, SPLIT_SWITCH_WAIT, lock->switch_wait_ns, &left);
	cut(split, SPLIT_IO, lock->io_ns, &left);
	/* What is left it worked, or wanted to. */
	working_ns = left;
	native_ns = lock->native_ns < left ? lock->native_ns : left;
	used_ns = task->cpu_ns < left ? task->cpu_ns : left;
	if (working_ns > 0)
		cut(split, SPLIT_NATIVE,
		    (uint64_t)((double)used_ns * (double)native_ns /
			(double)working_ns),
		    &left);
	cut(split, SPLIT_RUN, used_ns - (working_ns - left), &left);
	cut(split, SPLIT_CPU_WAIT, task->cpu_wait_ns, &left);
	cut(split, SPLIT_REST, left, &left);
}

struct split
split_take(const struct job_result *result)
{
	uint64_t total_ns = result->timing.total_ns;
	uint64_t begin_ns = result->timing.queue_ns;
	uint64_t end_ns = begin_ns + result->timing.wall_ns;
	struct split split = {0};

	if (begin_ns > total_ns)
		begin_ns = total_ns;
	if (end_ns > total_ns || end_ns < begin_ns)
		end_ns = total_ns;
	for (uint32_t i = 0; i < result->n_tasks; i++) {
		const struct task_result *task = &result->tasks[i];
		uint64_t life_ns = end_ns - begin_ns;
		uint64_t late_ns =
		    task->start_ns > begin_ns ? task->start_ns - begin_ns : 0;

		split.ns[SPLIT_DISPATCH] += total_ns - life_ns;
		/* One that never ran was in the queue for all of it. */
		cut(&split, SPLIT_START_UP,
		    task->wall_ns > 0 ? late_ns : life_ns, &life_ns);
		if (task->wall_ns < life_ns)
			cut(&split, SPLIT_IDLE, life_ns - task->wall_ns,
			    &life_ns);
		add_wall(&split, task, life_ns);
	}
	return split;
}

void
split_add(struct split *sum, const struct split *add)
{
	parts_add(sum->ns, add->ns, SPLIT_PARTS);
}

uint64_t
split_total(const struct split *split)
{
	return parts_total(split->ns, SPLIT_PARTS);
}

double
split_share(const struct split *split, enum split_part part)
{
	return parts_share(split->ns, SPLIT_PARTS, part);
}

void
split_permille(const struct split *split, unsigned permille[SPLIT_PARTS])
{
	double remainders[SPLIT_PARTS];
	unsigned given = 0;

	for (unsigned part = 0; part < SPLIT_PARTS; part++) {
		double exact = 1000 * split_share(split, part);

		permille[part] = (unsigned)exact;
		remainders[part] = exact - permille[part];
		given += permille[part];
	}
	if (split_total(split) == 0)
		return;
	for (; given < 1000; given++) {
		unsigned most = 0;

		for (unsigned part = 1; part < SPLIT_PARTS; part++)
			if (remainders[part] > remainders[most])
				most = part;
		permille[most]++;
		remainders[most] = -1;
	}
}

json_t *
split_to_json(const struct split *split)
{
	json_t *json = json_object();

	for (unsigned part = 0; part < SPLIT_PARTS; part++)
		if (json_object_set_new(json, parts[part].name,
			json_integer((json_int_t)split->ns[part])) == -1) {
			json_decref(json);
			return NULL;
		}
	return json;
}
