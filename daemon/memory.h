/*
 * What clients can make gild hold at the most, computed from the configuration:
 * the figures of server.info's `memory`, and of PROTOCOL.md, "Memory". What the
 * kernel keeps for sockets is its own and not in them.
 */
#ifndef GILD_DAEMON_MEMORY_H
#define GILD_DAEMON_MEMORY_H

#include <stdint.h>

struct board;
struct settings;

struct memory_bound {
	uint64_t connection_bytes; /* beyond what max_client_bytes counts */
	uint64_t job_bytes;	   /* of one that waits */
	uint64_t task_bytes;	   /* more, of one whose tasks run */
	uint64_t line_bytes;	   /* while one is served */
	uint64_t shared_bytes;	   /* what all processes map */
	uint64_t frontend_bytes;   /* one frontend, with what is shared */
	uint64_t stored_bytes;	   /* a stored job; these two: 0 where no */
	uint64_t recorder_bytes;   /* store is configured */
	uint64_t total_bytes;	   /* all of these, what is shared once */
};

/*
 * What one connection may hold while all together are at max_client_bytes: a
 * half of that divided by max_connections, and never less than 16 KiB, which is
 * enough for a few small jobs.
 */
uint64_t memory_share(const struct settings *settings);

struct memory_bound memory_bound(const struct board *board);

#endif
