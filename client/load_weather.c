/*
 * Owns: whose CPU time is no disturbance. A gild that is near, and whose
 * processes cannot be seen (it is in a container, or at the end of a tunnel),
 * may be all that was busy: then nothing is said of others. What interrupts
 * took is the load's, for most of them are of its own packets.
 */
#include "client/load_weather.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "client/family.h"

#define GILD_NAME "gild"

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

/* Who has both ends of a connection talks to himself. */
static bool
is_near(int fd)
{
	union address here = {0}, there = {0};
	socklen_t here_size = sizeof(here), there_size = sizeof(there);

	if (getsockname(fd, &here.any, &here_size) == -1 ||
	    getpeername(fd, &there.any, &there_size) == -1)
		return false;
	switch (there.any.sa_family) {
	case AF_INET:
		return ntohl(there.in.sin_addr.s_addr) >> 24 ==
		    IN_LOOPBACKNET ||
		    here.in.sin_addr.s_addr == there.in.sin_addr.s_addr;
	case AF_INET6:
		return memcmp(&here.in6.sin6_addr, &there.in6.sin6_addr,
			   sizeof(here.in6.sin6_addr)) == 0;
	default:
		return there.any.sa_family == AF_UNIX;
	}
}

static uint64_t
own_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The CPU time so far of all that is the load's; false: it is not known. */
static bool
read_own(const struct load_weather *weather, uint64_t *own_ns)
{
	uint64_t gild_ns = 0;

	if (weather->is_near &&
	    family_cpu_ns(weather->gild, GILD_NAME, &gild_ns) == -1)
		return false;
	*own_ns = own_clock_ns() + gild_ns;
	return true;
}

void
load_weather_begin(struct load_weather *weather, int fd, pid_t pid)
{
	*weather = (struct load_weather){.is_near = is_near(fd), .gild = pid};
	weather->is_known = weather_observe(&weather->before) == 0;
	weather->is_own_known = read_own(weather, &weather->own_ns);
}

struct weather
load_weather_end(const struct load_weather *weather)
{
	const struct weather_observation *before = &weather->before;
	struct weather_observation after;
	uint64_t own_ns, busy_ns;

	if (!weather->is_known || weather_observe(&after) == -1)
		return (struct weather){0};
	busy_ns = after.busy_ns - before->busy_ns;
	if (!weather->is_own_known || !read_own(weather, &own_ns) ||
	    own_ns < weather->own_ns)
		return weather_judge(before, &after, busy_ns);
	return weather_judge(before, &after,
	    own_ns - weather->own_ns + after.irq_ns - before->irq_ns);
}
