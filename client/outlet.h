/*
 * What waits to be written to standard output, a line of JSON each, without
 * ever blocking before the output is ready to take some.
 */
#ifndef GILD_CLIENT_OUTLET_H
#define GILD_CLIENT_OUTLET_H

#include <jansson.h>
#include <stddef.h>

struct evbuffer;

struct outlet {
	struct evbuffer *buffer;
};

/* 0, or -1 when memory ran out; outlet_free() is due either way. */
int outlet_init(struct outlet *outlet) __attribute__((warn_unused_result));
void outlet_free(struct outlet *outlet);

/* What waits, in bytes. */
size_t outlet_length(const struct outlet *outlet);

/* One more line. 0, or -1 when memory ran out. */
int outlet_put(struct outlet *outlet, const json_t *json)
    __attribute__((warn_unused_result));

/* After POLLOUT: writes what surely goes. 0, or -1 with errno. */
int outlet_write(struct outlet *outlet) __attribute__((warn_unused_result));

/*
 * Writes all of it, waiting as long as that takes, or until wake_fd becomes
 * readable: then some is left. 0, or -1 with errno.
 */
int outlet_flush(struct outlet *outlet, int wake_fd)
    __attribute__((warn_unused_result));

#endif
