/*
 * The pauses double, and the last one is cut so that one more try is made at
 * the very end; a pause that the server asked for is not cut.
 */
#include "client/patience.h"

void
patience_init(struct patience *patience, uint64_t for_ms)
{
	*patience = (struct patience){.for_ms = (int64_t)for_ms};
}

int64_t
patience_next(struct patience *patience, int64_t now_ms, int64_t at_least_ms)
{
	int64_t pause_ms = patience->pause_ms;
	int64_t left_ms;

	if (!patience->is_troubled) {
		patience->is_troubled = true;
		patience->until_ms = now_ms + patience->for_ms;
		pause_ms = 0;
		patience->pause_ms = PATIENCE_FIRST_PAUSE_MS;
	} else {
		patience->pause_ms *= 2;
		if (patience->pause_ms > PATIENCE_LAST_PAUSE_MS)
			patience->pause_ms = PATIENCE_LAST_PAUSE_MS;
	}
	left_ms = patience->until_ms - now_ms;
	if (left_ms <= 0 || at_least_ms > left_ms)
		return -1;
	if (pause_ms > left_ms)
		pause_ms = left_ms;
	return pause_ms > at_least_ms ? pause_ms : at_least_ms;
}

void
patience_end(struct patience *patience)
{
	patience->is_troubled = false;
	patience->pause_ms = 0;
}
