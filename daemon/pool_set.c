/*
 * The method pool.set: what can be changed of a pool while it works. Run by a
 * frontend's one thread.
 *
 * All params are checked before the first is stored. Each is one store into the
 * board, of what was given and no more, since another frontend may set others
 * at the same time. Then the change is counted, and the bell rings: the pool's
 * process takes over all that it finds. Each of its threads looks before its
 * next task, too; worker processes look there for the affinity.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "daemon/answer.h"
#include "daemon/clock.h"
#include "daemon/frontend.h"
#include "daemon/methods_private.h"
#include "daemon/report.h"
#include "proto/params.h"

enum knob_name {
	KNOB_POLICY,
	KNOB_FORCE,
	KNOB_INTERVAL_US,
	KNOB_CHECK_INTERVAL,
	KNOB_QUANTUM_US,
	KNOB_TIMER_US,
	KNOB_OVERHEAD_PCT,
	KNOB_EVENTS,
	KNOB_AFFINITY,
	KNOB_COUNT
};

/* Which pools have one. */
enum knob_scope {
	KNOB_OF_LOCK,	 /* those whose threads share locks */
	KNOB_OF_FREE,	 /* those whose threads share none */
	KNOB_OF_THREADS, /* both of these */
	KNOB_OF_ANY,
};

struct knob {
	const char *name;
	enum knob_scope scope;
	size_t offset; /* in struct pool_record */
	/* 0, or -1 with *error set; a param that is absent changes nothing. */
	int (*read)(const json_t *params, const struct knob *knob,
	    uint64_t *value, struct rpc_error *error);
	uint64_t min, max; /* of an integer */
};

static int
read_integer(const json_t *params, const struct knob *knob, uint64_t *value,
    struct rpc_error *error)
{
	return params_read_integer(
	    params, knob->name, knob->min, knob->max, value, error);
}

static int
read_boolean(const json_t *params, const struct knob *knob, uint64_t *value,
    struct rpc_error *error)
{
	bool truth = *value != 0;

	if (params_read_boolean(params, knob->name, &truth, error) != 0)
		return -1;
	*value = truth;
	return 0;
}

/* No string at all: says which ones there are. Always -1. */
static int
refuse_choice(const struct knob *knob, const char *const names[], size_t n,
    const json_t *value, struct rpc_error *error)
{
	char list[160];
	size_t length = 0;

	for (size_t i = 0; i < n && length < sizeof(list); i++)
		length += (size_t)snprintf(list + length, sizeof(list) - length,
		    "%s\"%s\"", i > 0 ? ", " : "", names[i]);
	return rpc_error_set(error, RPC_INVALID_PARAMS, knob->name,
	    "%s must be one of %s, not %s", knob->name, list,
	    rpc_json_type(value));
}

/* The place of a name among n. */
static int
read_choice(const json_t *params, const struct knob *knob,
    const char *const names[], size_t n, uint64_t *value,
    struct rpc_error *error)
{
	const json_t *given = json_object_get(params, knob->name);
	const char *text = NULL;

	if (given != NULL && !json_is_string(given))
		return refuse_choice(knob, names, n, given, error);
	if (params_read_string(params, knob->name, &text, error) != 0)
		return -1;
	for (size_t i = 0; text != NULL && i < n; i++) {
		if (strcmp(text, names[i]) == 0) {
			*value = i;
			return 0;
		}
	}
	return text == NULL ? 0
			    : rpc_error_set_unknown(error, RPC_INVALID_PARAMS,
				  knob->name, knob->name, text, names, n);
}

/* A preset's number: a policy's, or one of those behind them. */
static int
read_policy(const json_t *params, const struct knob *knob, uint64_t *value,
    struct rpc_error *error)
{
	const char *names[GIL_PRESETS];

	for (size_t i = 0; i < GIL_PRESETS; i++)
		names[i] = gil_preset_name(i);
	return read_choice(params, knob, names, GIL_PRESETS, value, error);
}

static int
read_affinity(const json_t *params, const struct knob *knob, uint64_t *value,
    struct rpc_error *error)
{
	const char *names[AFFINITY_COUNT];

	for (size_t i = 0; i < AFFINITY_COUNT; i++)
		names[i] = affinity_name((enum affinity)i);
	return read_choice(params, knob, names, AFFINITY_COUNT, value, error);
}

#define KNOB(member, of, reader)                      \
	.name = #member, .scope = of, .read = reader, \
	.offset = offsetof(struct pool_record, member)

static const struct knob knobs[KNOB_COUNT] = {
    [KNOB_POLICY] = {KNOB(policy, KNOB_OF_LOCK, read_policy)},
    [KNOB_FORCE] = {KNOB(force, KNOB_OF_LOCK, read_boolean)},
    [KNOB_INTERVAL_US] = {KNOB(interval_us, KNOB_OF_LOCK, read_integer),
	.min = 1, .max = SETTINGS_MAX_INTERVAL_US},
    [KNOB_CHECK_INTERVAL] = {KNOB(check_interval, KNOB_OF_LOCK, read_integer),
	.min = 1, .max = SETTINGS_MAX_CHECK_INTERVAL},
    [KNOB_QUANTUM_US] = {KNOB(quantum_us, KNOB_OF_LOCK, read_integer), .min = 1,
	.max = SETTINGS_MAX_INTERVAL_US},
    [KNOB_TIMER_US] = {KNOB(timer_us, KNOB_OF_LOCK, read_integer),
	.max = SETTINGS_MAX_INTERVAL_US},
    [KNOB_OVERHEAD_PCT] = {KNOB(overhead_pct, KNOB_OF_FREE, read_integer),
	.max = SETTINGS_MAX_OVERHEAD_PCT},
    [KNOB_EVENTS] = {KNOB(events, KNOB_OF_THREADS, read_boolean)},
    [KNOB_AFFINITY] = {KNOB(affinity, KNOB_OF_ANY, read_affinity)},
};

/* What one call changes. */
struct changes {
	bool is_given[KNOB_COUNT];
	uint64_t values[KNOB_COUNT];
};

static void
changes_add(struct changes *changes, enum knob_name name, uint64_t value)
{
	if (changes->is_given[name])
		return;
	changes->is_given[name] = true;
	changes->values[name] = value;
}

/* 0, or -1 with *error set: whether a pool has this knob. */
static int
knob_check(const struct knob *knob, const struct pool_settings *pool,
    struct rpc_error *error)
{
	if (knob->scope == KNOB_OF_ANY)
		return 0;
	if (pool->kind == POOL_PROCESSES)
		return rpc_error_set(error, RPC_INVALID_PARAMS, knob->name,
		    "pool %s is of kind processes: it has no lock, and so no "
		    "%s",
		    pool->name, knob->name);
	if (knob->scope == KNOB_OF_LOCK && pool->locks == 0)
		return rpc_error_set(error, RPC_INVALID_PARAMS, knob->name,
		    "the threads of pool %s share no lock: it has no %s",
		    pool->name, knob->name);
	if (knob->scope == KNOB_OF_FREE && pool->locks > 0)
		return rpc_error_set(error, RPC_INVALID_PARAMS, knob->name,
		    "the threads of pool %s share a lock: only those without "
		    "one have an %s",
		    pool->name, knob->name);
	return 0;
}

/* What a preset has beside its policy, where it was not given. */
static void
changes_apply_preset(struct changes *changes)
{
	struct gil_parameters preset = {.quantum_ns = 0};
	const char *name = gil_preset_name(changes->values[KNOB_POLICY]);

	if (!changes->is_given[KNOB_POLICY] ||
	    gil_preset_apply(name, &preset) != 0)
		return;
	changes->values[KNOB_POLICY] = preset.policy;
	if (preset.quantum_ns == 0)
		return;
	changes_add(changes, KNOB_QUANTUM_US, preset.quantum_ns / NS_PER_US);
	changes_add(changes, KNOB_TIMER_US, preset.timer_ns / NS_PER_US);
}

/* 0, or -1 with *error set. */
static int
changes_read(struct changes *changes, const json_t *params,
    const struct pool_settings *pool, struct rpc_error *error)
{
	bool is_any = false;

	*changes = (struct changes){.is_given = {false}};
	for (size_t i = 0; i < KNOB_COUNT; i++) {
		if (json_object_get(params, knobs[i].name) == NULL)
			continue;
		if (knob_check(&knobs[i], pool, error) != 0 ||
		    knobs[i].read(
			params, &knobs[i], &changes->values[i], error) != 0)
			return -1;
		changes->is_given[i] = is_any = true;
	}
	if (!is_any)
		return rpc_error_set(error, RPC_INVALID_PARAMS, NULL,
		    "there is nothing to set: give one parameter or more "
		    "beside pool");
	changes_apply_preset(changes);
	return 0;
}

/* The pool's number, or -1 with *error set. */
static int
pool_set_check(const struct invocation *invocation, struct changes *changes,
    struct rpc_error *error)
{
	const struct frontend *frontend = invocation->frontend;
	const json_t *params = invocation->params;
	const char *names[KNOB_COUNT + 1] = {"pool"}, *name;
	int pool;

	for (size_t i = 0; i < KNOB_COUNT; i++)
		names[i + 1] = knobs[i].name;
	if (params_check(params, names, N_OF(names), error) != 0 ||
	    params_require(params, "pool", "a pool's name", error) != 0 ||
	    params_read_string(params, "pool", &name, error) != 0)
		return -1;
	pool = pool_find(frontend, name, error);
	if (pool < 0 ||
	    changes_read(
		changes, params, &frontend->settings->pools[pool], error) != 0)
		return -1;
	return pool;
}

void
pool_set(const struct invocation *invocation)
{
	const struct generation *generation = invocation->frontend->generation;
	struct rpc_error error;
	struct changes changes;
	int pool = pool_set_check(invocation, &changes, &error);
	char *record;

	if (pool < 0) {
		answer_error(invocation->answer, &error);
		return;
	}
	record = (char *)&generation->board.pools[pool];
	for (size_t i = 0; i < KNOB_COUNT; i++) {
		if (changes.is_given[i])
			counter_set(
			    (_Atomic uint64_t *)(record + knobs[i].offset),
			    changes.values[i]);
	}
	atomic_fetch_add_explicit(
	    &generation->board.pools[pool].changes, 1, memory_order_release);
	generation_ring(generation, (uint32_t)pool);
	answer_result(
	    invocation->answer, report_pool(generation, (uint32_t)pool));
}
