/*
 * HTTP/1.1 with connections that stay: a job is a query, its answer a body. A
 * web server answers the requests of a connection one after the other, so each
 * job in flight has a connection of its own.
 */
#include "tests/bench/peers/protocol.h"

#include <string.h>

#define LENGTH_FIELD "\r\nContent-Length: "

static void
http_ask(struct wires *wires, size_t slot, uint64_t tag)
{
	struct wire *wire = &wires->wires[slot];
	char request[JOB_REQUEST_BYTES];

	wire_put_text(wire, "GET /job?");
	wire_put(wire, request, job_request(request, tag));
	wire_put_text(wire, " HTTP/1.1\r\nHost: bench\r\n\r\n");
}

static size_t
http_take(struct wire *wire, const char *data, size_t length, uint64_t *tag)
{
	const char *end = memmem(data, length, "\r\n\r\n", 4);
	const char *field, *body;
	size_t head, n;

	(void)wire;
	if (end == NULL)
		return 0;
	body = end + 4;
	head = (size_t)(body - data);
	field = memmem(data, head, LENGTH_FIELD, strlen(LENGTH_FIELD));
	if (!has_word(data, length, "HTTP/1.1 200 ") || field == NULL)
		protocol_fail("http", data, length);
	field += strlen(LENGTH_FIELD);
	n = job_number(field, head - (size_t)(field - data));
	if (length < head + n)
		return 0;
	*tag = job_answered(body, n);
	return head + n;
}

const struct protocol http_protocol = {
    .name = "http",
    .has_one_job_a_wire = true,
    .ask = http_ask,
    .take = http_take,
};
