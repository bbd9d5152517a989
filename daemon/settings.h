/*
 * The settings: what the configuration file, -o and -l say, as one struct that
 * everything else reads and nothing changes after the start. options.c holds
 * the one table that fills it in.
 */
#ifndef GILD_DAEMON_SETTINGS_H
#define GILD_DAEMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/gil_policy.h"
#include "daemon/log.h"
#include "proto/request.h"

#define SETTINGS_MAX_POOLS 16
#define SETTINGS_MAX_POOL_SIZE 1024
#define SETTINGS_MAX_FRONTENDS 64
#define SETTINGS_MAX_LISTEN 16
#define SETTINGS_MAX_INTERVAL_US UINT64_C(10000000) /* quantum, timer too */
#define SETTINGS_MAX_CHECK_INTERVAL UINT64_C(1000000000)
#define SETTINGS_MAX_OVERHEAD_PCT 1000
#define SETTINGS_MAX_EVENTS_KEPT (UINT32_C(1) << 20)
#define SETTINGS_USER_CHARS 64 /* a name, a colon, a group */
#define SETTINGS_PATH_CHARS 255
#define SETTINGS_DEFAULT_LISTEN "127.0.0.1:4453"

/* Which jobs the store has. */
enum record {
	RECORD_NONE,
	RECORD_DETACHED, /* those that clients ask to be kept */
	RECORD_ALL,	 /* and the history of all others */
	RECORD_COUNT
};

/* "none", "detached", "all" */
const char *record_name(enum record record);

enum pool_kind {
	POOL_THREADS,	/* one process, its threads share a lock */
	POOL_PROCESSES, /* single-threaded worker processes */
};

/* On which CPUs a pool's executors run. */
enum affinity {
	AFFINITY_NONE,	 /* wherever the kernel likes */
	AFFINITY_SPREAD, /* executor i on CPU i, round and round */
	AFFINITY_ONE,	 /* all on one */
	AFFINITY_COUNT
};

/* Whose job is next, of those that wait for a pool with the same priority. */
enum queue_order {
	QUEUE_FAIR, /* clients take turns */
	QUEUE_FIFO, /* who came first */
	QUEUE_ORDER_COUNT
};

/* "fair", "fifo" */
const char *queue_order_name(enum queue_order order);

/* "none", "spread", "one" */
const char *affinity_name(enum affinity affinity);

struct pool_settings {
	char name[POOL_NAME_CHARS + 1];
	enum pool_kind kind;
	uint32_t size; /* threads, or processes */
	enum affinity affinity;
	/* of kind threads only: */
	uint32_t locks; /* lock domains; 0: free threading */
	enum gil_policy policy;
	bool force;
	uint64_t interval_us;
	uint64_t check_interval;
	uint64_t quantum_us;
	uint64_t timer_us;
	uint32_t overhead_pct; /* of free threading: extra work in a turn */
	bool events;
	uint32_t events_kept; /* of each thread; a power of two */
	/* options.c alone: */
	uint32_t given;	 /* what was written, a bit an option */
	uint32_t preset; /* the policy as it was written */
};

struct settings {
	size_t n_listen;
	char *listen[SETTINGS_MAX_LISTEN]; /* owned; as they were written */
	bool allow_remote;
	enum log_format log_format;
	uint32_t frontends;
	enum queue_order queue;
	uint32_t spin_us; /* before frontends and workers sleep; 0: never */
	uint32_t max_connections; /* these four: of each frontend */
	uint32_t max_jobs;
	uint32_t max_in_flight; /* these three: jobs of one connection */
	uint32_t max_queued; /* that have not begun; 0: no bound of its own */
	uint32_t max_rate;   /* a second; 0: no bound */
	uint32_t max_batch;
	uint32_t max_workers; /* tasks of one job */
	uint64_t max_line_bytes;
	uint64_t max_unsent_bytes; /* then its connection is not read from */
	uint64_t max_client_bytes; /* of all connections of a frontend */
	uint64_t idle_timeout_ns;  /* these three: of a connection; 0: none */
	uint64_t line_timeout_ns;
	uint64_t stall_timeout_ns;
	uint32_t max_attempts; /* starts of one task */
	uint64_t drain_timeout_ns;
	uint64_t heartbeat_timeout_ns;	    /* 0: nobody has to give one */
	char user[SETTINGS_USER_CHARS + 1]; /* NAME[:GROUP]; "": as started */
	bool sandbox;
	char state_dir[SETTINGS_PATH_CHARS + 1]; /* "": no job store */
	enum record record;
	uint64_t keep_for_ns; /* jobs that have ended */
	uint64_t keep_bytes;  /* of the store's file; 0: no bound */
	uint32_t commit_group;
	uint32_t max_detached;
	size_t n_pools;
	struct pool_settings pools[SETTINGS_MAX_POOLS];
};

/* Frees what the settings own, not the struct itself. NULL is fine. */
void settings_free(struct settings *settings);

/* The pool of this name, or NULL. */
const struct pool_settings *settings_find_pool(
    const struct settings *settings, const char *name);

/* Whether a job store is configured. */
bool settings_has_store(const struct settings *settings);

const char *pool_kind_name(enum pool_kind kind);

#endif
