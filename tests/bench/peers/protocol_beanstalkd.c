/*
 * beanstalkd: a client puts a job into one tube, and reserves and deletes its
 * answer in another; a worker does the same the other way. What can be sent
 * together is: a worker's put, delete and next reserve, and a client's delete
 * with whatever it sends next.
 *
 * A reserve that waits keeps its connection from everything behind it, so a
 * client with many jobs puts on one half of its wires and reserves on the other.
 */
#include "tests/bench/peers/protocol.h"

#include <string.h>

#define RESERVE "reserve\r\n"

static void
put_job(struct wire *wire, const char *body, size_t n)
{
	wire_put_text(wire, "put 0 0 60 ");
	wire_put_number(wire, n);
	wire_put(wire, "\r\n", 2);
	wire_put(wire, body, n);
	wire_put(wire, "\r\n", 2);
}

static void
put_delete(struct wire *wire, uint64_t id)
{
	wire_put_text(wire, "delete ");
	wire_put_number(wire, id);
	wire_put(wire, "\r\n", 2);
}

struct reserved {
	uint64_t id;
	const char *body; /* NULL: another reply */
	size_t n;
};

/* A reply, whatever it answers. Its bytes, or 0 while it is not whole. */
static size_t
take_reply(const char *data, size_t length, struct reserved *reserved)
{
	static const char word[] = "RESERVED ";
	size_t head = line_length(data, length), at = strlen(word);

	reserved->body = NULL;
	if (head == 0)
		return 0;
	if (!has_word(data, head, word)) {
		if (!has_word(data, head, "INSERTED ") &&
		    !has_word(data, head, "DELETED") &&
		    !has_word(data, head, "USING ") &&
		    !has_word(data, head, "WATCHING "))
			protocol_fail("beanstalkd", data, head);
		return head;
	}
	reserved->id = job_number(data + at, head - at);
	while (data[at] != ' ')
		at++;
	reserved->n = job_number(data + at + 1, head - at - 1);
	if (length < head + reserved->n + 2)
		return 0;
	reserved->body = data + head;
	return head + reserved->n + 2;
}

static void
beanstalkd_greet(struct wire *wire, size_t n)
{
	(void)n;
	wire_put_text(wire, "use jobs\r\nwatch answers\r\nignore default\r\n");
}

static void
beanstalkd_ask(struct wires *wires, size_t slot, uint64_t tag)
{
	char request[JOB_REQUEST_BYTES];

	put_job(
	    wires_for_jobs(wires, slot), request, job_request(request, tag));
	wire_put_text(wires_for_waits(wires, slot), RESERVE);
}

static size_t
beanstalkd_take(
    struct wire *wire, const char *data, size_t length, uint64_t *tag)
{
	struct reserved reserved;
	size_t taken = take_reply(data, length, &reserved);

	if (taken > 0 && reserved.body != NULL) {
		put_delete(wire, reserved.id);
		*tag = job_answered(reserved.body, reserved.n);
	}
	return taken;
}

static void
beanstalkd_enlist(struct wire *wire, unsigned n_ahead)
{
	wire_put_text(wire, "use answers\r\nwatch jobs\r\nignore default\r\n");
	for (unsigned i = 0; i < n_ahead; i++)
		wire_put_text(wire, RESERVE);
}

static size_t
beanstalkd_serve(struct wire *wire, const char *data, size_t length)
{
	char answer[JOB_ANSWER_BYTES];
	struct reserved reserved;
	size_t taken = take_reply(data, length, &reserved);

	if (taken > 0 && reserved.body != NULL) {
		put_job(
		    wire, answer, job_work(answer, reserved.body, reserved.n));
		put_delete(wire, reserved.id);
		wire_put_text(wire, RESERVE);
	}
	return taken;
}

const struct protocol beanstalkd_protocol = {
    .name = "beanstalkd",
    .greet = beanstalkd_greet,
    .ask = beanstalkd_ask,
    .take = beanstalkd_take,
    .enlist = beanstalkd_enlist,
    .serve = beanstalkd_serve,
};
