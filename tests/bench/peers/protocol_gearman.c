/*
 * Gearman's binary protocol: 12 bytes of header, and arguments parted by NULs.
 * A client submits jobs and is told that each was created, and of its end; a
 * worker grabs a job, or hears that there is none and goes to sleep until it is
 * called. What can be sent together is: a worker's result and its next grab.
 */
#include "tests/bench/peers/protocol.h"

#include <arpa/inet.h>
#include <string.h>

#define FUNCTION "count"
#define HEADER_BYTES 12

enum packet_type {
	CAN_DO = 1,
	PRE_SLEEP = 4,
	NOOP = 6,
	SUBMIT_JOB = 7,
	JOB_CREATED = 8,
	GRAB_JOB = 9,
	NO_JOB = 10,
	JOB_ASSIGN = 11,
	WORK_COMPLETE = 13,
};

struct packet {
	enum packet_type type;
	const char *body;
	size_t n;
};

/* The head of a request with so many bytes behind it. */
static void
put_header(struct wire *wire, enum packet_type type, size_t n)
{
	uint32_t numbers[2] = {htonl((uint32_t)type), htonl((uint32_t)n)};

	wire_put(wire, "\0REQ", 4);
	wire_put(wire, numbers, sizeof(numbers));
}

/* A reply. Its bytes, or 0 while it is not whole. */
static size_t
take_packet(const char *data, size_t length, struct packet *packet)
{
	uint32_t numbers[2];

	if (length < HEADER_BYTES)
		return 0;
	if (memcmp(data, "\0RES", 4) != 0)
		protocol_fail("gearman", data, length);
	memcpy(numbers, data + 4, sizeof(numbers));
	packet->type = (enum packet_type)ntohl(numbers[0]);
	packet->n = ntohl(numbers[1]);
	if (length < HEADER_BYTES + packet->n)
		return 0;
	packet->body = data + HEADER_BYTES;
	return HEADER_BYTES + packet->n;
}

/* What stands behind the n-th NUL of a packet. */
static const char *
argument(const struct packet *packet, unsigned n)
{
	size_t at = 0;

	while (n > 0 && at < packet->n)
		n -= packet->body[at++] == '\0';
	if (n > 0)
		protocol_fail("gearman", packet->body, packet->n);
	return packet->body + at;
}

/* An empty name of its own: no two jobs are taken for one. */
static void
gearman_ask(struct wires *wires, size_t slot, uint64_t tag)
{
	struct wire *wire = &wires->wires[slot % wires->n];
	char request[JOB_REQUEST_BYTES];
	size_t n = job_request(request, tag);

	put_header(wire, SUBMIT_JOB, sizeof(FUNCTION) + 1 + n);
	wire_put(wire, FUNCTION "\0", sizeof(FUNCTION) + 1);
	wire_put(wire, request, n);
}

static size_t
gearman_take(struct wire *wire, const char *data, size_t length, uint64_t *tag)
{
	struct packet packet;
	size_t taken = take_packet(data, length, &packet);

	(void)wire;
	if (taken == 0 || packet.type == JOB_CREATED)
		return taken;
	if (packet.type != WORK_COMPLETE)
		protocol_fail("gearman", data, taken);
	*tag = job_answered(argument(&packet, 1),
	    (size_t)(data + taken - argument(&packet, 1)));
	return taken;
}

/* Of this process's one worker: the grabs that were not answered yet. */
static unsigned most_grabs, n_grabs;

static void
put_grabs(struct wire *wire)
{
	for (; n_grabs < most_grabs; n_grabs++)
		put_header(wire, GRAB_JOB, 0);
}

static void
gearman_enlist(struct wire *wire, unsigned n_ahead)
{
	put_header(wire, CAN_DO, strlen(FUNCTION));
	wire_put_text(wire, FUNCTION);
	most_grabs = n_ahead;
	put_grabs(wire);
}

static void
serve_job(struct wire *wire, const struct packet *packet)
{
	const char *handle = packet->body, *request = argument(packet, 2);
	size_t handle_n = strlen(handle) + 1; /* with its NUL */
	char answer[JOB_ANSWER_BYTES];
	size_t n = job_work(
	    answer, request, packet->n - (size_t)(request - packet->body));

	put_header(wire, WORK_COMPLETE, handle_n + n);
	wire_put(wire, handle, handle_n);
	wire_put(wire, answer, n);
}

static size_t
gearman_serve(struct wire *wire, const char *data, size_t length)
{
	struct packet packet;
	size_t taken = take_packet(data, length, &packet);

	if (taken == 0)
		return 0;
	switch (packet.type) {
	case JOB_ASSIGN:
		n_grabs--;
		serve_job(wire, &packet);
		put_grabs(wire);
		break;
	case NO_JOB:
		if (--n_grabs == 0)
			put_header(wire, PRE_SLEEP, 0);
		break;
	case NOOP:
		put_grabs(wire);
		break;
	default:
		protocol_fail("gearman", data, taken);
	}
	return taken;
}

const struct protocol gearman_protocol = {
    .name = "gearman",
    .ask = gearman_ask,
    .take = gearman_take,
    .enlist = gearman_enlist,
    .serve = gearman_serve,
};
