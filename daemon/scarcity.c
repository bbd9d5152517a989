/*
 * Counts what libevent asks of malloc() in vain. Run by a frontend's one
 * thread.
 */
#include "daemon/scarcity.h"

#include <event2/event.h>
#include <stdlib.h>

static unsigned long n_failures;

static void *
count_failure(void *memory)
{
	n_failures += memory == NULL;
	return memory;
}

static void *
watched_malloc(size_t size)
{
	return count_failure(malloc(size));
}

static void *
watched_realloc(void *memory, size_t size)
{
	return count_failure(realloc(memory, size));
}

void
scarcity_watch(void)
{
	event_set_mem_functions(watched_malloc, watched_realloc, free);
}

unsigned long
scarcity_count(void)
{
	return n_failures;
}
