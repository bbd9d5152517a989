/*
 * What is said again and again: a small table of what was said lately, by the
 * address of its format, which stands for the place in the code. The first
 * REPEATS_SAID messages of a place within REPEATS_NS are to be written, the
 * others are counted, and how many there were is told afterwards.
 *
 * One table a process, any thread. Nobody waits for the table: who finds
 * another thread at it has his message written instead, so a lock that a fork
 * or a signal left behind does no harm, and nothing is ever lost by it.
 */
#ifndef GILD_DAEMON_REPEATS_H
#define GILD_DAEMON_REPEATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/log.h"

#define REPEATS_SAID 10
#define REPEATS_NS UINT64_C(10000000000)
/* What has no room in the table is written. */
#define REPEATS_ROWS 16
#define REPEATS_TEXT_CHARS 199

struct repeat {
	const char *format; /* NULL: a free row */
	enum log_level level;
	uint64_t since_ns; /* the first of those that are counted here */
	uint32_t n_said;
	uint32_t n_more;
	char latest[REPEATS_TEXT_CHARS + 1]; /* with n_more > 0; may be cut */
};

struct repeats {
	atomic_flag is_busy;
	_Atomic uint32_t n_pending; /* rows with n_more > 0 */
	struct repeat rows[REPEATS_ROWS];
};

/* All bytes 0 is an empty table as well. */
void repeats_clear(struct repeats *repeats);

/*
 * Whether this message is to be written. If not it was counted. now_ns is
 * monotonic.
 */
bool repeats_admit(struct repeats *repeats, const char *format,
    enum log_level level, const char *message, uint64_t now_ns);

/*
 * Takes out one row of which there is something to tell and whose time is over,
 * or, with is_end, any: true, and *repeat is a copy. False: none.
 */
bool repeats_take(struct repeats *repeats, uint64_t now_ns, bool is_end,
    struct repeat *repeat);

#endif
