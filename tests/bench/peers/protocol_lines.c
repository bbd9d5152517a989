/*
 * Servers that answer a line with a line: gild; and the limits, a bare echo and
 * a bare dispatcher. Jobs take turns among the connections.
 */
#include "tests/bench/peers/protocol.h"

static void
lines_ask(struct wires *wires, size_t slot, uint64_t tag)
{
	struct wire *wire = &wires->wires[slot % wires->n];
	char request[JOB_REQUEST_BYTES];
	size_t length = job_request(request, tag);

	request[length++] = '\n';
	wire_put(wire, request, length);
}

static size_t
lines_take(struct wire *wire, const char *data, size_t length, uint64_t *tag)
{
	size_t n = line_length(data, length);

	(void)wire;
	if (n > 0)
		*tag = job_answered(data, n - 1);
	return n;
}

/* The request itself comes back. */
static size_t
echo_take(struct wire *wire, const char *data, size_t length, uint64_t *tag)
{
	size_t n = line_length(data, length);

	(void)wire;
	if (n > 0)
		*tag = job_asked(data, n - 1);
	return n;
}

const struct protocol echo_protocol = {
    .name = "echo",
    .is_json = true,
    .ask = lines_ask,
    .take = echo_take,
};

const struct protocol gild_protocol = {
    .name = "gild",
    .is_json = true,
    .ask = lines_ask,
    .take = lines_take,
};

const struct protocol lines_protocol = {
    .name = "lines",
    .ask = lines_ask,
    .take = lines_take,
};
