/*
 * HTTP/1.1 with connections that stay: a job is a query, its answer a body. A
 * web server answers the requests of a connection one after the other, so each
 * job in flight has a connection of its own.
 */
#include "tests/bench/peers/protocol.h"

#include <string.h>

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
body_length(const char *head, size_t length)
{
	static const char name[] = "\r\nContent-Length: ";
	const char *field = memmem(head, length, name, strlen(name));
	size_t at;

	if (!has_word(head, length, "HTTP/1.1 200 ") || field == NULL)
		protocol_fail("http", head, length);
	at = (size_t)(field - head) + strlen(name);
	return job_number(head + at, length - at);
}

static size_t
http_take(struct wire *wire, const char *data, size_t length, uint64_t *tag)
{
	const char *end = memmem(data, length, "\r\n\r\n", 4);
	size_t head, n;

	(void)wire;
	if (end == NULL)
		return 0;
	head = (size_t)(end + 4 - data);
	n = body_length(data, head);
	if (length < head + n)
		return 0;
	*tag = job_answered(data + head, n);
	return head + n;
}

const struct protocol http_protocol = {
    .name = "http",
    .has_one_job_a_wire = true,
    .ask = http_ask,
    .take = http_take,
};
