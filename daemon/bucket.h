/*
 * A token bucket: how often something may happen. It holds as many tokens as
 * come in a second, is full at first, and each time takes one. Time is a
 * parameter. (The idea is that of ATM's and IP's traffic policers, RFC 2697.)
 */
#ifndef GILD_DAEMON_BUCKET_H
#define GILD_DAEMON_BUCKET_H

#include <stdint.h>

#define BUCKET_MAX_RATE 1000000 /* tokens a second */

struct bucket {
	uint64_t looked_ns; /* when it was looked at last */
	uint64_t missing;   /* to be full, in tokens / NS_PER_S */
};

/* A full one of any rate: {0}. */

/*
 * Takes a token: 0, or how many ns it takes until one is there. rate is tokens
 * a second, up to BUCKET_MAX_RATE; 0 stands for no bound.
 */
uint64_t bucket_take(struct bucket *bucket, uint32_t rate, uint64_t now_ns);

#endif
