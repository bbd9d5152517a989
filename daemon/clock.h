/* The clocks that gild reads, all in nanoseconds. */
#ifndef GILD_DAEMON_CLOCK_H
#define GILD_DAEMON_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

static inline uint64_t
clock_read_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Since some point in the past, the same for every process of the machine. */
static inline uint64_t
clock_monotonic_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

/* CPU time of the calling thread. */
static inline uint64_t
clock_thread_cpu_ns(void)
{
	return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* Milliseconds since 1970, of the wall clock. */
static inline uint64_t
clock_unix_ms(void)
{
	return clock_read_ns(CLOCK_REALTIME) / NS_PER_MS;
}

#endif
