/*
 * Token buckets. Pure. What is counted is what is missing, so that a bucket of
 * zeros is full; and in parts of a token, `rate` of which come each nanosecond,
 * so that nothing is rounded.
 */
#include "daemon/bucket.h"

#include "daemon/clock.h"

#define TOKEN NS_PER_S

uint64_t
bucket_take(struct bucket *bucket, uint32_t rate, uint64_t now_ns)
{
	uint64_t size = rate * TOKEN, passed_ns;

	if (rate == 0)
		return 0;
	/* A full second fills any bucket; more could overflow. */
	passed_ns = now_ns - bucket->looked_ns;
	if (passed_ns > NS_PER_S)
		passed_ns = NS_PER_S;
	bucket->looked_ns = now_ns;
	bucket->missing -= passed_ns * rate < bucket->missing ? passed_ns * rate
							      : bucket->missing;
	if (bucket->missing + TOKEN > size)
		return (bucket->missing + TOKEN - size + rate - 1) / rate;
	bucket->missing += TOKEN;
	return 0;
}
