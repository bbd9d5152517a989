/*
 * Reports. Run by a frontend's one thread, over memory that other processes
 * change meanwhile: each number is right, sums of several may be a moment
 * apart. json_pack with o* and o steals; a NULL part makes the whole NULL.
 */
#include "config.h"

#include "daemon/report.h"

#include <sched.h>

#include "daemon/clock.h"
#include "daemon/generation.h"
#include "daemon/memory.h"
#include "daemon/process.h"
#include "daemon/report_lock.h"

/* CPUs that this process may run on. */
static int
cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return CPU_COUNT(&set);
}

static json_int_t
get(const _Atomic uint64_t *counter)
{
	return (json_int_t)counter_get(counter);
}

/* Appends stolen item; on failure frees both. Returns the array or NULL. */
static json_t *
array_append(json_t *array, json_t *item)
{
	if (json_array_append_new(array, item) == 0)
		return array;
	json_decref(array);
	return NULL;
}

/* --- pools and settings --- */

json_t *
report_pool(const struct generation *generation, uint32_t pool)
{
	const struct pool_settings *settings =
	    &generation->settings->pools[pool];
	enum affinity affinity =
	    (enum affinity)counter_get(&generation->board.pools[pool].affinity);

	return json_pack("{s:s, s:s, s:I, s:s, s:o}", "name", settings->name,
	    "kind", pool_kind_name(settings->kind), "size",
	    (json_int_t)settings->size, "affinity", affinity_name(affinity),
	    "lock", report_lock_parameters(generation, pool));
}

json_t *
report_pools(const struct generation *generation)
{
	json_t *pools = json_array();

	for (uint32_t i = 0; pools != NULL && i < generation->settings->n_pools;
	     i++)
		pools = array_append(pools, report_pool(generation, i));
	return pools;
}

struct figure {
	const char *name;
	uint64_t value;
};

/* An object with these members, or NULL. */
static json_t *
report_figures(const struct figure figures[], size_t n)
{
	json_t *object = json_object();

	for (size_t i = 0; i < n; i++) {
		if (json_object_set_new(object, figures[i].name,
			json_integer((json_int_t)figures[i].value)) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *
report_limits(const struct settings *settings)
{
	const struct figure limits[] = {
	    {"frontends", settings->frontends},
	    {"spin_us", settings->spin_us},
	    {"max_connections", settings->max_connections},
	    {"max_jobs", settings->max_jobs},
	    {"max_in_flight", settings->max_in_flight},
	    {"max_queued", settings->max_queued},
	    {"max_rate", settings->max_rate},
	    {"max_batch", settings->max_batch},
	    {"max_workers", settings->max_workers},
	    {"max_line_bytes", settings->max_line_bytes},
	    {"max_unsent_bytes", settings->max_unsent_bytes},
	    {"max_client_bytes", settings->max_client_bytes},
	    {"idle_timeout_ns", settings->idle_timeout_ns},
	    {"line_timeout_ns", settings->line_timeout_ns},
	    {"stall_timeout_ns", settings->stall_timeout_ns},
	    {"max_attempts", settings->max_attempts},
	    {"drain_timeout_ns", settings->drain_timeout_ns},
	    {"heartbeat_timeout_ns", settings->heartbeat_timeout_ns},
	};

	return report_figures(limits, sizeof(limits) / sizeof(limits[0]));
}

static json_t *
report_memory(const struct board *board)
{
	const struct memory_bound bound = memory_bound(board);
	const struct figure figures[] = {
	    {"connection_bytes", bound.connection_bytes},
	    {"job_bytes", bound.job_bytes},
	    {"task_bytes", bound.task_bytes},
	    {"line_bytes", bound.line_bytes},
	    {"shared_bytes", bound.shared_bytes},
	    {"frontend_bytes", bound.frontend_bytes},
	    {"stored_bytes", bound.stored_bytes},
	    {"recorder_bytes", bound.recorder_bytes},
	    {"total_bytes", bound.total_bytes},
	};

	return report_figures(figures, sizeof(figures) / sizeof(figures[0]));
}

static json_t *
report_addresses(const struct listeners *listeners)
{
	json_t *addresses = json_array();

	for (size_t i = 0; addresses != NULL && i < listeners->n; i++)
		addresses = array_append(
		    addresses, json_string(listeners->all[i].name));
	return addresses;
}

json_t *
report_info(const struct generation *generation)
{
	const struct board *board = &generation->board;

	return json_pack(
	    "{s:s, s:i, s:I, s:i, s:I, s:o, s:o, s:o, s:o, s:{s:I, s:I, s:I}}",
	    "version", PACKAGE_VERSION, "pid", generation->master_pid,
	    "generation", (json_int_t)generation->number, "cores", cores(),
	    "started_ms", (json_int_t)board->started_unix_ms, "addresses",
	    report_addresses(generation->listeners), "pools",
	    report_pools(generation), "limits",
	    report_limits(generation->settings), "memory", report_memory(board),
	    "calibration", "turn_ps", (json_int_t)board->calibration.turn_ps,
	    "spin_ps", (json_int_t)board->calibration.spin_ps, "event_ps",
	    (json_int_t)board->event_ps);
}

/* --- counters --- */

/* Sums over the frontends, of one pool. */
struct pool_sums {
	uint64_t jobs[JOB_STATE_COUNT];
	uint64_t tasks_queued;
	uint64_t tasks_dispatched;
};

static void
sums_add_pool(
    struct pool_sums *sums, const struct generation *generation, uint32_t pool)
{
	for (uint32_t i = 0; i < generation->settings->frontends; i++) {
		const struct tally *tally =
		    board_tally(&generation->board, i, pool);

		for (size_t state = 0; state < JOB_STATE_COUNT; state++)
			sums->jobs[state] += counter_get(&tally->jobs[state]);
		sums->tasks_queued += counter_get(&tally->tasks_queued);
		sums->tasks_dispatched += counter_get(&tally->tasks_dispatched);
	}
}

static json_t *
report_job_counts(const struct pool_sums *sums)
{
	json_t *counts = json_object();

	for (enum job_state state = 0; state < JOB_STATE_COUNT; state++) {
		if (json_object_set_new(counts, job_state_name(state),
			json_integer((json_int_t)sums->jobs[state])) != 0) {
			json_decref(counts);
			return NULL;
		}
	}
	return counts;
}

static const char *
executor_state(const struct process_record *process, const struct seat *seat)
{
	switch (atomic_load(&process->state)) {
	case PROCESS_DOWN:
		return "down";
	case PROCESS_STARTING:
		return "starting";
	default:
		return atomic_load(&seat->tickets[0]) == TICKET_NONE ? "idle"
								     : "busy";
	}
}

static json_t *
report_executors(const struct generation *generation, uint32_t pool)
{
	const struct board *board = &generation->board;
	const struct pool_settings *settings =
	    &generation->settings->pools[pool];
	json_t *executors = json_array();

	for (uint32_t i = 0; executors != NULL && i < settings->size; i++) {
		const struct seat *seat =
		    &board->seats[board->first_seat[pool] + i];
		const struct process_record *process =
		    &board->processes[board->first_process[pool] +
			(settings->kind == POOL_PROCESSES ? i : 0)];

		executors = array_append(executors,
		    json_pack("{s:i, s:i, s:s, s:I, s:I}", "pid",
			(int)atomic_load(&process->pid), "tid",
			(int)atomic_load(&seat->tid), "state",
			executor_state(process, seat), "tasks_done",
			get(&seat->tasks_done), "restarts",
			get(&process->restarts)));
	}
	return executors;
}

/* One pool; its jobs are added to *all. */
static json_t *
report_pool_stats(
    const struct generation *generation, uint32_t pool, struct pool_sums *all)
{
	const struct pool_settings *settings =
	    &generation->settings->pools[pool];
	struct pool_sums sums = {0};

	sums_add_pool(&sums, generation, pool);
	for (size_t state = 0; state < JOB_STATE_COUNT; state++)
		all->jobs[state] += sums.jobs[state];
	return json_pack("{s:s, s:s, s:o, s:{s:I, s:I}, s:o, s:o}", "name",
	    settings->name, "kind", pool_kind_name(settings->kind), "jobs",
	    report_job_counts(&sums), "tasks", "queued",
	    (json_int_t)sums.tasks_queued, "dispatched",
	    (json_int_t)sums.tasks_dispatched, "executors",
	    report_executors(generation, pool), "lock",
	    report_lock_stats(generation, pool));
}

static json_t *
report_connections(const struct generation *generation)
{
	json_int_t open = 0, accepted = 0;

	for (uint32_t i = 0; i < generation->settings->frontends; i++) {
		const struct frontend_record *record =
		    &generation->board.frontends[i];

		open += get(&record->connections_open);
		accepted += get(&record->connections_accepted);
	}
	return json_pack("{s:I, s:I}", "open", open, "accepted", accepted);
}

static json_t *
report_process(const struct generation *generation, uint32_t index)
{
	static const char *const states[] = {
	    [PROCESS_DOWN] = "down",
	    [PROCESS_STARTING] = "starting",
	    [PROCESS_READY] = "ready",
	};
	const struct process_record *record =
	    &generation->board.processes[index];
	struct process process = process_at(generation, index);

	return json_pack("{s:s, s:I, s:s?, s:i, s:s, s:I}", "kind",
	    process_kind_name(process.kind), "number",
	    (json_int_t)process.number, "pool",
	    process.kind == PROCESS_FRONTEND
		? NULL
		: generation->settings->pools[process.pool].name,
	    "pid", (int)atomic_load(&record->pid), "state",
	    states[atomic_load(&record->state)], "restarts",
	    get(&record->restarts));
}

json_t *
report_stats(const struct generation *generation)
{
	const struct board *board = &generation->board;
	struct pool_sums all = {0};
	json_t *pools = json_array(), *processes = json_array();

	for (uint32_t i = 0; pools != NULL && i < generation->settings->n_pools;
	     i++)
		pools =
		    array_append(pools, report_pool_stats(generation, i, &all));
	for (uint32_t i = 0; processes != NULL && i < board->n_processes; i++)
		processes =
		    array_append(processes, report_process(generation, i));
	return json_pack("{s:I, s:o, s:o, s:o, s:o}", "uptime_ns",
	    (json_int_t)(clock_monotonic_ns() - board->started_ns),
	    "connections", report_connections(generation), "jobs",
	    report_job_counts(&all), "pools", pools, "processes", processes);
}

json_t *
report_stopping(const struct generation *generation, const char *state)
{
	struct pool_sums sums = {0};

	for (uint32_t i = 0; i < generation->settings->n_pools; i++)
		sums_add_pool(&sums, generation, i);
	return json_pack("{s:s, s:i, s:I, s:I}", "state", state, "pid",
	    generation->master_pid, "queued", (json_int_t)sums.jobs[JOB_QUEUED],
	    "running", (json_int_t)sums.jobs[JOB_RUNNING]);
}
