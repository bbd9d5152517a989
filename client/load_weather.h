/*
 * The weather of a load run: what else this machine did meanwhile. Of the load
 * itself are gilctl and, where it runs on this machine, the gild.
 */
#ifndef GILD_CLIENT_LOAD_WEATHER_H
#define GILD_CLIENT_LOAD_WEATHER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/weather.h"

struct load_weather {
	struct weather_observation before;
	bool is_known;
	bool is_near; /* the gild is on this machine */
	pid_t gild;
	uint64_t own_ns; /* CPU time so far of gilctl and, if near, the gild */
	bool is_own_known;
};

/*
 * Looks at it before the run; fd is a connection to the gild, pid what it says
 * that its own is.
 */
void load_weather_begin(struct load_weather *weather, int fd, pid_t pid);
/* And after it: all zeros where it cannot be known. */
struct weather load_weather_end(const struct load_weather *weather);

#endif
