/*
 * Whom an experiment is made with: a gild's version, its CPUs and its pools, as
 * server.info describes them, and which pool serves for which purpose.
 */
#ifndef GILD_CLIENT_ROSTER_H
#define GILD_CLIENT_ROSTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/request.h"

#define ROSTER_MAX_POOLS 16
#define ROSTER_VERSION_CHARS 31
#define ROSTER_POLICY_CHARS 15

struct roster_pool {
	char name[POOL_NAME_CHARS + 1];
	bool is_threads; /* of kind threads; else of kind processes */
	uint32_t size;	 /* executors */
	/* Of threads: */
	uint32_t locks;			      /* 0: free threading */
	char policy[ROSTER_POLICY_CHARS + 1]; /* "" where there is no lock */
	uint64_t interval_us;
	uint64_t quantum_us;
};

struct roster {
	char version[ROSTER_VERSION_CHARS + 1];
	uint32_t cores;
	size_t n_pools; /* more than there is room for are left out */
	struct roster_pool pools[ROSTER_MAX_POOLS];
};

/* What an experiment may want a pool for. */
enum roster_role {
	ROLE_PROCESSES,
	ROLE_THREADS, /* under one lock, of policy interval */
	ROLE_FREE,
	ROLE_FAIR,
	ROLE_TICKS,
	ROLE_HOLD,
	ROLE_COUNT
};

/* "processes", "threads", "free", "fair", "ticks", "hold" */
const char *roster_role_name(enum roster_role role);

/* What is missing in the answer is left empty. Pure. */
struct roster roster_read(const json_t *info);

/* The pool of this name, or NULL. Borrowed, as those below. */
const struct roster_pool *roster_find(
    const struct roster *roster, const char *name);

/*
 * The pool for a role: the one that has the role's name, if it fits, else the
 * first that fits, else NULL.
 */
const struct roster_pool *roster_choose(
    const struct roster *roster, enum roster_role role);

/* The same, and of all that fit only one with so many executors. */
const struct roster_pool *roster_choose_large(
    const struct roster *roster, enum roster_role role, uint32_t size);

/* Whether its threads have to share a lock. */
bool roster_pool_has_lock(const struct roster_pool *pool);

#endif
