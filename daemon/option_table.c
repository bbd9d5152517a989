/*
 * The two tables of options, and what follows from the rows alone. Constants
 * and pure functions.
 */
#include "daemon/option_table.h"

#include <string.h>

#include "daemon/bucket.h"
#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/spin.h"
#include "proto/nearest.h"

static const char *
choice_of_kind(uint64_t kind)
{
	return kind <= POOL_PROCESSES ? pool_kind_name((enum pool_kind)kind)
				      : NULL;
}

static const char *
choice_of_preset(uint64_t preset)
{
	return gil_preset_name((size_t)preset);
}

static const char *
choice_of_affinity(uint64_t affinity)
{
	return affinity < AFFINITY_COUNT
	    ? affinity_name((enum affinity)affinity)
	    : NULL;
}

static const char *
choice_of_queue(uint64_t order)
{
	return order < QUEUE_ORDER_COUNT
	    ? queue_order_name((enum queue_order)order)
	    : NULL;
}

static const char *
choice_of_log_format(uint64_t format)
{
	return format < LOG_FORMAT_COUNT
	    ? log_format_name((enum log_format)format)
	    : NULL;
}

static const char *
choice_of_record(uint64_t record)
{
	return record < RECORD_COUNT ? record_name((enum record)record) : NULL;
}

#define FIELD(record, member)                      \
	.offset = offsetof(struct record, member), \
	.width = sizeof(((struct record *)NULL)->member)

static const struct option_row settings_rows[] = {
    {
	.name = "listen",
	.type = OPTION_ADDRESSES,
	.initial = SETTINGS_DEFAULT_LISTEN,
	.meaning = "where clients connect; unix:PATH too",
    },
    {
	.name = "allow_remote",
	.type = OPTION_BOOLEAN,
	FIELD(settings, allow_remote),
	.max = true,
	.initial = "false",
	.meaning = "listen beyond this machine too",
    },
    {
	.name = "log_format",
	.type = OPTION_CHOICE,
	FIELD(settings, log_format),
	.max = LOG_FORMAT_COUNT - 1,
	.choice_name = choice_of_log_format,
	.initial = "auto",
	.meaning = "what the log's lines look like",
    },
    {
	.name = "frontends",
	.type = OPTION_INTEGER,
	FIELD(settings, frontends),
	.min = 1,
	.max = SETTINGS_MAX_FRONTENDS,
	.initial = "2",
	.meaning = "processes that serve clients",
    },
    {
	.name = "queue",
	.type = OPTION_CHOICE,
	FIELD(settings, queue),
	.max = QUEUE_ORDER_COUNT - 1,
	.choice_name = choice_of_queue,
	.initial = "fair",
	.meaning = "whose job of a priority is next",
    },
    {
	.name = "spin_us",
	.type = OPTION_INTEGER,
	FIELD(settings, spin_us),
	.max = SPIN_MAX_US,
	.initial = "50",
	.meaning = "look for more work before sleeping",
    },
    {
	.name = "max_connections",
	.type = OPTION_INTEGER,
	FIELD(settings, max_connections),
	.min = 1,
	.max = 1000000,
	.initial = "4096",
	.meaning = "connections of a frontend",
    },
    {
	.name = "max_jobs",
	.type = OPTION_INTEGER,
	FIELD(settings, max_jobs),
	.min = 1,
	.max = 1000000,
	.initial = "16384",
	.meaning = "unfinished jobs of a frontend",
    },
    {
	.name = "max_in_flight",
	.type = OPTION_INTEGER,
	FIELD(settings, max_in_flight),
	.min = 1,
	.max = 1000000,
	.initial = "4096",
	.meaning = "unfinished jobs of a connection",
    },
    {
	.name = "max_queued",
	.type = OPTION_INTEGER,
	FIELD(settings, max_queued),
	.max = 1000000,
	.initial = "0",
	.meaning = "of these, waiting to begin; 0: all",
    },
    {
	.name = "max_rate",
	.type = OPTION_INTEGER,
	FIELD(settings, max_rate),
	.max = BUCKET_MAX_RATE,
	.initial = "0",
	.meaning = "jobs a second of a connection; 0: any",
    },
    {
	.name = "max_batch",
	.type = OPTION_INTEGER,
	FIELD(settings, max_batch),
	.min = 1,
	.max = 100000,
	.initial = "1000",
	.meaning = "requests of a batch",
    },
    {
	.name = "max_workers",
	.type = OPTION_INTEGER,
	FIELD(settings, max_workers),
	.min = 1,
	.max = 1024,
	.initial = "64",
	.meaning = "parts of a job",
    },
    {
	.name = "max_line",
	.type = OPTION_SIZE,
	FIELD(settings, max_line_bytes),
	.min = KIB,
	.max = 64 * MIB,
	.initial = "1M",
	.meaning = "the longest line of a client",
    },
    {
	.name = "max_unsent",
	.type = OPTION_SIZE,
	FIELD(settings, max_unsent_bytes),
	.min = KIB,
	.max = GIB,
	.initial = "1M",
	.meaning = "bytes that a client may leave unread",
    },
    {
	.name = "max_client_bytes",
	.type = OPTION_SIZE,
	FIELD(settings, max_client_bytes),
	.min = 64 * KIB,
	.max = 1024 * GIB,
	.initial = "256M",
	.meaning = "bytes that a frontend keeps for clients",
    },
    {
	.name = "idle_timeout",
	.type = OPTION_DURATION,
	FIELD(settings, idle_timeout_ns),
	.max = 24 * 3600 * NS_PER_S,
	.initial = "0",
	.meaning = "a silent connection ends; 0: never",
    },
    {
	.name = "line_timeout",
	.type = OPTION_DURATION,
	FIELD(settings, line_timeout_ns),
	.max = 24 * 3600 * NS_PER_S,
	.initial = "30s",
	.meaning = "time to send a line in; 0: any",
    },
    {
	.name = "stall_timeout",
	.type = OPTION_DURATION,
	FIELD(settings, stall_timeout_ns),
	.max = 24 * 3600 * NS_PER_S,
	.initial = "1m",
	.meaning = "who reads no answer is cut off; 0: never",
    },
    {
	.name = "max_attempts",
	.type = OPTION_INTEGER,
	FIELD(settings, max_attempts),
	.min = 1,
	.max = 100,
	.initial = "3",
	.meaning = "starts of a task whose executors die",
    },
    {
	.name = "drain_timeout",
	.type = OPTION_DURATION,
	FIELD(settings, drain_timeout_ns),
	.max = 24 * 3600 * NS_PER_S,
	.initial = "30s",
	.meaning = "time that stopping leaves to jobs",
    },
    {
	.name = "heartbeat_timeout",
	.type = OPTION_DURATION,
	FIELD(settings, heartbeat_timeout_ns),
	.max = 3600 * NS_PER_S,
	.initial = "5s",
	.meaning = "silent this long: a hung process",
    },
    {
	.name = "user",
	.type = OPTION_TEXT,
	FIELD(settings, user),
	.initial = "",
	.meaning = "NAME[:GROUP] to become when started as root",
    },
    {
	.name = "sandbox",
	.type = OPTION_BOOLEAN,
	FIELD(settings, sandbox),
	.max = true,
	.initial = "true",
	.meaning = "filter the system calls of executors",
    },
    {
	.name = "state_dir",
	.type = OPTION_TEXT,
	FIELD(settings, state_dir),
	.initial = "",
	.meaning = "where the job store is; else STATE_DIRECTORY",
    },
    {
	.name = "record",
	.type = OPTION_CHOICE,
	FIELD(settings, record),
	.max = RECORD_COUNT - 1,
	.choice_name = choice_of_record,
	.initial = "detached",
	.meaning = "which jobs the store keeps",
    },
    {
	.name = "keep_for",
	.type = OPTION_DURATION,
	FIELD(settings, keep_for_ns),
	.max = UINT64_C(3650) * 24 * 3600 * NS_PER_S,
	.initial = "168h",
	.meaning = "how long ended jobs stay in the store",
    },
    {
	.name = "keep_size",
	.type = OPTION_SIZE,
	FIELD(settings, keep_bytes),
	.min = MIB,
	.max = 1024 * GIB,
	.initial = "1G",
	.meaning = "the store's file; the oldest jobs go",
    },
    {
	.name = "commit_group",
	.type = OPTION_INTEGER,
	FIELD(settings, commit_group),
	.min = 1,
	.max = 65536,
	.initial = "1024",
	.meaning = "changes that share one wait for the disk",
    },
    {
	.name = "max_detached",
	.type = OPTION_INTEGER,
	FIELD(settings, max_detached),
	.min = 1,
	.max = 10000000,
	.initial = "100000",
	.meaning = "unfinished jobs in the store",
    },
};

static const struct option_row pool_rows[] = {
    {
	.name = "kind",
	.type = OPTION_CHOICE,
	FIELD(pool_settings, kind),
	.max = POOL_PROCESSES,
	.choice_name = choice_of_kind,
	.meaning = "what runs its tasks",
    },
    {
	.name = "size",
	.type = OPTION_INTEGER,
	FIELD(pool_settings, size),
	.min = 1,
	.max = SETTINGS_MAX_POOL_SIZE,
	.meaning = "4 threads, or a process a CPU",
    },
    {
	.name = "affinity",
	.type = OPTION_CHOICE,
	FIELD(pool_settings, affinity),
	.max = AFFINITY_COUNT - 1,
	.choice_name = choice_of_affinity,
	.initial = "none",
	.meaning = "the CPUs that it runs on",
    },
    {
	.name = "locks",
	.type = OPTION_INTEGER,
	FIELD(pool_settings, locks),
	.max = SETTINGS_MAX_POOL_SIZE,
	.scope = SCOPE_THREADS,
	.initial = "1",
	.meaning = "that its threads share; 0: none",
    },
    {
	.name = "overhead_pct",
	.type = OPTION_INTEGER,
	FIELD(pool_settings, overhead_pct),
	.max = SETTINGS_MAX_OVERHEAD_PCT,
	.scope = SCOPE_FREE,
	.initial = "0",
	.meaning = "work to add to a turn",
    },
    {
	.name = "policy",
	.type = OPTION_CHOICE,
	FIELD(pool_settings, preset),
	.max = GIL_PRESETS - 1,
	.choice_name = choice_of_preset,
	.scope = SCOPE_LOCK,
	.initial = "interval",
	.meaning = "how its threads share a lock",
    },
    {
	.name = "interval_us",
	.type = OPTION_INTEGER,
	FIELD(pool_settings, interval_us),
	.min = 1,
	.max = SETTINGS_MAX_INTERVAL_US,
	.scope = SCOPE_INTERVAL,
	.initial = "5000",
	.meaning = "when a waiter asks for the lock",
    },
    {
	.name = "force",
	.type = OPTION_BOOLEAN,
	FIELD(pool_settings, force),
	.max = true,
	.scope = SCOPE_INTERVAL,
	.initial = "true",
	.meaning = "who yields waits for a switch",
    },
    {
	.name = "check_interval",
	.type = OPTION_INTEGER,
	FIELD(pool_settings, check_interval),
	.min = 1,
	.max = SETTINGS_MAX_CHECK_INTERVAL,
	.scope = SCOPE_TICKS,
	.initial = "100",
	.meaning = "turns from tick to tick",
    },
    {
	.name = "quantum_us",
	.type = OPTION_INTEGER,
	FIELD(pool_settings, quantum_us),
	.min = 1,
	.max = SETTINGS_MAX_INTERVAL_US,
	.scope = SCOPE_FAIR,
	.initial = "5000",
	.meaning = "when the next one asks for the lock",
    },
    {
	.name = "timer_us",
	.type = OPTION_INTEGER,
	FIELD(pool_settings, timer_us),
	.max = SETTINGS_MAX_INTERVAL_US,
	.scope = SCOPE_FAIR,
	.initial = "0",
	.meaning = "it asks at multiples of this",
    },
    {
	.name = "events",
	.type = OPTION_BOOLEAN,
	FIELD(pool_settings, events),
	.max = true,
	.scope = SCOPE_THREADS,
	.initial = "false",
	.meaning = "record what happens at its locks",
    },
    {
	.name = "events_kept",
	.type = OPTION_POWER,
	FIELD(pool_settings, events_kept),
	.min = 64,
	.max = SETTINGS_MAX_EVENTS_KEPT,
	.scope = SCOPE_THREADS,
	.initial = "16384",
	.meaning = "of each thread, the latest",
    },
};

#define N_ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

_Static_assert(N_ROWS(settings_rows) <= OPTION_MAX_ROWS &&
	N_ROWS(pool_rows) <= OPTION_MAX_ROWS,
    "what was given fits a mask of 32 bits");

const struct option_table settings_table = {
    settings_rows, N_ROWS(settings_rows)};
const struct option_table pool_table = {pool_rows, N_ROWS(pool_rows)};

const struct option_row *
option_find(const struct option_table *table, const char *name)
{
	for (size_t i = 0; i < table->n_rows; i++) {
		if (strcmp(table->rows[i].name, name) == 0)
			return &table->rows[i];
	}
	return NULL;
}

/* "there are a, b and c", cut if there is no room for all. */
static void
list_names(const char *const names[], size_t n, char *text, size_t room)
{
	size_t length = (size_t)snprintf(text, room, "there are ");

	for (size_t i = 0; i < n && length < room; i++) {
		const char *before = i == 0 ? "" : i < n - 1 ? ", " : " and ";

		length += (size_t)snprintf(
		    text + length, room - length, "%s%s", before, names[i]);
	}
}

int
option_complain_unknown(const struct option_table *table, const char *prefix,
    const char *name, char complaint[OPTION_COMPLAINT_CHARS + 1])
{
	const char *names[OPTION_MAX_ROWS], *nearest;
	int length = snprintf(complaint, OPTION_COMPLAINT_CHARS + 1,
	    "unknown option \"%.80s%.64s\": ", prefix, name);
	char *rest = complaint + length;
	size_t room = OPTION_COMPLAINT_CHARS + 1 - (size_t)length;

	for (size_t i = 0; i < table->n_rows; i++)
		names[i] = table->rows[i].name;
	nearest = nearest_name(name, names, table->n_rows);
	if (nearest != NULL)
		snprintf(rest, room, "did you mean \"%s%s\"?", prefix, nearest);
	else if (table == &settings_table &&
	    option_find(&pool_table, name) != NULL)
		snprintf(
		    rest, room, "it is a pool's, as in pool.threads.%s", name);
	else
		list_names(names, table->n_rows, rest, room);
	return -1;
}

uint32_t
option_bit(const struct option_table *table, const struct option_row *row)
{
	return UINT32_C(1) << (row - table->rows);
}

int
option_check_pool_name(
    const char *name, char complaint[OPTION_COMPLAINT_CHARS + 1])
{
	if (pool_name_is_valid(name))
		return 0;
	snprintf(complaint, OPTION_COMPLAINT_CHARS + 1,
	    "\"%.64s\" cannot be a pool's name: write 1 to %d of a-z, 0-9, - "
	    "and _, a letter first",
	    name, POOL_NAME_CHARS);
	return -1;
}

struct gil_parameters
option_preset(const struct pool_settings *pool)
{
	struct gil_parameters parameters;

	gil_parameters_init(&parameters);
	if (gil_preset_apply(gil_preset_name(pool->preset), &parameters) != 0)
		fatal("policy %u is none", pool->preset);
	return parameters;
}

/* NULL, or why a pool has no use for this option. */
static const char *
why_useless(const struct option_row *row, const struct pool_settings *pool)
{
	static const char *const nobody_asks[GIL_POLICY_COUNT] = {
	    [GIL_TICKS] = "under policy ticks nobody asks for the lock",
	    [GIL_HOLD] = "under policy hold nobody asks for the lock",
	    [GIL_FAIR] = "under policy fair a waiter asks after quantum_us",
	};
	enum gil_policy policy = option_preset(pool).policy;

	if (row->scope == SCOPE_ANY)
		return NULL;
	if (pool->kind == POOL_PROCESSES)
		return "worker processes share no lock";
	if (row->scope == SCOPE_FREE && pool->locks > 0)
		return "only threads without a lock have an overhead";
	if (row->scope >= SCOPE_LOCK && pool->locks == 0)
		return "with locks = 0 its threads share no lock";
	if (row->scope == SCOPE_INTERVAL)
		return nobody_asks[policy];
	if (row->scope == SCOPE_TICKS && policy != GIL_TICKS)
		return "only under policy ticks are there ticks";
	if (row->scope == SCOPE_FAIR && policy != GIL_FAIR)
		return "only under policy fair is there a quantum";
	return NULL;
}

bool
option_applies(const struct option_row *row, const struct pool_settings *pool)
{
	return why_useless(row, pool) == NULL;
}

int
option_check_pool(const struct pool_settings *pool,
    char complaint[OPTION_COMPLAINT_CHARS + 1])
{
	for (size_t i = 0; i < pool_table.n_rows; i++) {
		const struct option_row *row = &pool_rows[i];
		const char *why = why_useless(row, pool);

		if ((pool->given & option_bit(&pool_table, row)) == 0 ||
		    why == NULL)
			continue;
		snprintf(complaint, OPTION_COMPLAINT_CHARS + 1,
		    "pool.%s.%s: %s, so it takes no %s", pool->name, row->name,
		    why, row->name);
		return -1;
	}
	return 0;
}
