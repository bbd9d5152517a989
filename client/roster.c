/*
 * An older gild knows no policies but `interval` and no locks but one; what it
 * does not tell is taken so.
 *
 * Pure.
 */
#include "client/roster.h"

#include <stdio.h>
#include <string.h>

#include "client/show.h"

static const char *const role_names[ROLE_COUNT] = {
    [ROLE_PROCESSES] = "processes",
    [ROLE_THREADS] = "threads",
    [ROLE_FREE] = "free",
    [ROLE_FAIR] = "fair",
    [ROLE_TICKS] = "ticks",
    [ROLE_HOLD] = "hold",
};

const char *
roster_role_name(enum roster_role role)
{
	return role_names[role];
}

static struct roster_pool
read_pool(const json_t *json)
{
	const json_t *lock = json_object_get(json, "lock");
	struct roster_pool pool = {
	    .is_threads = strcmp(show_text(json, "kind"), "threads") == 0,
	    .size = (uint32_t)show_number(json, "size"),
	};

	snprintf(pool.name, sizeof(pool.name), "%s", show_text(json, "name"));
	if (!json_is_object(lock))
		return pool;
	pool.locks = json_object_get(lock, "locks") != NULL
	    ? (uint32_t)show_number(lock, "locks")
	    : 1;
	pool.interval_us = show_number(lock, "interval_us");
	pool.quantum_us = show_number(lock, "quantum_us");
	if (pool.locks > 0)
		snprintf(pool.policy, sizeof(pool.policy), "%s",
		    show_text(lock, "policy"));
	return pool;
}

struct roster
roster_read(const json_t *info)
{
	struct roster roster = {
	    .cores = (uint32_t)show_number(info, "cores"),
	};
	const json_t *pool;
	size_t i;

	snprintf(roster.version, sizeof(roster.version), "%s",
	    show_text(info, "version"));
	json_array_foreach (json_object_get(info, "pools"), i, pool)
		if (roster.n_pools < ROSTER_MAX_POOLS)
			roster.pools[roster.n_pools++] = read_pool(pool);
	return roster;
}

const struct roster_pool *
roster_find(const struct roster *roster, const char *name)
{
	for (size_t i = 0; i < roster->n_pools; i++)
		if (strcmp(roster->pools[i].name, name) == 0)
			return &roster->pools[i];
	return NULL;
}

static bool
fits(const struct roster_pool *pool, enum roster_role role)
{
	switch (role) {
	case ROLE_PROCESSES:
		return !pool->is_threads;
	case ROLE_FREE:
		return pool->is_threads && pool->locks == 0;
	case ROLE_THREADS:
		return pool->locks == 1 &&
		    strcmp(pool->policy, "interval") == 0;
	default:
		return pool->locks == 1 &&
		    strcmp(pool->policy, role_names[role]) == 0;
	}
}

const struct roster_pool *
roster_choose_large(
    const struct roster *roster, enum roster_role role, uint32_t size)
{
	const struct roster_pool *found = roster_find(roster, role_names[role]);

	if (found != NULL && fits(found, role) && found->size >= size)
		return found;
	for (size_t i = 0; i < roster->n_pools; i++)
		if (fits(&roster->pools[i], role) &&
		    roster->pools[i].size >= size)
			return &roster->pools[i];
	return NULL;
}

const struct roster_pool *
roster_choose(const struct roster *roster, enum roster_role role)
{
	return roster_choose_large(roster, role, 0);
}

bool
roster_pool_has_lock(const struct roster_pool *pool)
{
	return pool->locks > 0;
}
