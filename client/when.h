/*
 * A point in time as people write it: 10m (that long ago), 2026-11-27,
 * 2026-11-27T10:00, 2026-11-27T10:00:00 (local time), @1795770000 (Unix time in
 * seconds).
 */
#ifndef GILD_CLIENT_WHEN_H
#define GILD_CLIENT_WHEN_H

#include <stdint.h>

#define WHEN_ERROR_CHARS 159

/*
 * Reads one, seen from now_ms. Times are Unix time in ms. 0, or -1 with error
 * saying what would be right.
 */
int when_parse(const char *text, uint64_t now_ms, uint64_t *unix_ms,
    char error[WHEN_ERROR_CHARS + 1]) __attribute__((warn_unused_result));

/* The wall clock. */
uint64_t when_now_ms(void);

#endif
