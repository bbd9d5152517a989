/* The protocols by their names, and what several of them need. */
#include "tests/bench/peers/protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct protocol *const protocols[] = {
    &beanstalkd_protocol,
    &echo_protocol,
    &gearman_protocol,
    &gild_protocol,
    &http_protocol,
    &lines_protocol,
    &nats_protocol,
    &redis_protocol,
};

#define N_PROTOCOLS (sizeof(protocols) / sizeof(*protocols))

const struct protocol *
protocol_find(const char *name)
{
	for (size_t i = 0; i < N_PROTOCOLS; i++) {
		if (strcmp(protocols[i]->name, name) == 0)
			return protocols[i];
	}
	fprintf(stderr, "no protocol '%s'; there are", name);
	for (size_t i = 0; i < N_PROTOCOLS; i++)
		fprintf(stderr, " %s", protocols[i]->name);
	fprintf(stderr, "\n");
	return NULL;
}

struct wire *
wires_for_jobs(const struct wires *wires, size_t slot)
{
	return &wires->wires[wires->n < 2 ? 0 : slot % (wires->n / 2)];
}

struct wire *
wires_for_waits(const struct wires *wires, size_t slot)
{
	size_t n_jobs = wires->n / 2;

	return &wires->wires[n_jobs + slot % (wires->n - n_jobs)];
}

size_t
line_length(const char *data, size_t length)
{
	const char *end = memchr(data, '\n', length);

	return end == NULL ? 0 : (size_t)(end + 1 - data);
}

bool
has_word(const char *data, size_t length, const char *word)
{
	size_t n = strlen(word);

	return length >= n && memcmp(data, word, n) == 0;
}

void
protocol_fail(const char *name, const char *data, size_t length)
{
	fprintf(stderr, "%s says: %.*s\n", name,
	    (int)(length < 200 ? length : 200), data);
	exit(EXIT_FAILURE);
}
