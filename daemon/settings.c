/*
 * The settings as a value. Every process reads them, none changes them once
 * the master runs; options.c fills them in.
 */
#include "daemon/settings.h"

#include <stdlib.h>
#include <string.h>

void
settings_free(struct settings *settings)
{
	if (settings == NULL)
		return;
	for (size_t i = 0; i < settings->n_listen; i++)
		free(settings->listen[i]);
	settings->n_listen = 0;
}

const struct pool_settings *
settings_find_pool(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->n_pools; i++) {
		if (strcmp(settings->pools[i].name, name) == 0)
			return &settings->pools[i];
	}
	return NULL;
}

bool
settings_has_store(const struct settings *settings)
{
	return settings->state_dir[0] != '\0' &&
	    settings->record != RECORD_NONE;
}

const char *
pool_kind_name(enum pool_kind kind)
{
	return kind == POOL_THREADS ? "threads" : "processes";
}

const char *
affinity_name(enum affinity affinity)
{
	static const char *const names[AFFINITY_COUNT] = {
	    [AFFINITY_NONE] = "none",
	    [AFFINITY_SPREAD] = "spread",
	    [AFFINITY_ONE] = "one",
	};

	return names[affinity];
}

const char *
record_name(enum record record)
{
	static const char *const names[RECORD_COUNT] = {
	    [RECORD_NONE] = "none",
	    [RECORD_DETACHED] = "detached",
	    [RECORD_ALL] = "all",
	};

	return names[record];
}

const char *
queue_order_name(enum queue_order order)
{
	static const char *const names[QUEUE_ORDER_COUNT] = {
	    [QUEUE_FAIR] = "fair",
	    [QUEUE_FIFO] = "fifo",
	};

	return names[order];
}
