/*
 * How long a client goes on trying when a server is away or sends it away, and
 * how long it waits between two tries. Pure: the caller brings the clock, in
 * ms, which never runs backwards.
 *
 * Trouble begins with patience_next() and ends with patience_end(), when the
 * server has answered what it was asked. In between the pauses grow.
 */
#ifndef GILD_CLIENT_PATIENCE_H
#define GILD_CLIENT_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#define PATIENCE_FIRST_PAUSE_MS 50 /* doubles to the last */
#define PATIENCE_LAST_PAUSE_MS 2000

struct patience {
	int64_t for_ms; /* how long trouble may last */
	bool is_troubled;
	int64_t until_ms;
	int64_t pause_ms;
};

void patience_init(struct patience *patience, uint64_t for_ms);

/*
 * The pause before the next try, no shorter than at_least_ms, which the server
 * may have asked for; -1 when there is to be none, since it would come too
 * late. The first pause is at_least_ms.
 */
int64_t patience_next(
    struct patience *patience, int64_t now_ms, int64_t at_least_ms);

void patience_end(struct patience *patience);

#endif
