/*
 * Redis, lists as queues: a client pushes a job onto one list and pops its
 * answer from another; a worker pops and pushes the other way. One job a
 * command. What can be sent together is: a worker's push with its next pop, and
 * a client's push with its pop.
 *
 * A pop that blocks keeps its connection from everything behind it, so a client
 * with many jobs pushes on one half of its wires and pops on the other. All
 * pops are of the one list: any of them gets any answer.
 */
#include "tests/bench/peers/protocol.h"

#include <string.h>

#define POP_JOB "*3\r\n$5\r\nBRPOP\r\n$4\r\njobs\r\n$1\r\n0\r\n"
#define POP_ANSWER "*3\r\n$5\r\nBRPOP\r\n$7\r\nanswers\r\n$1\r\n0\r\n"
#define PUSH_JOB "*3\r\n$5\r\nLPUSH\r\n$4\r\njobs\r\n$"
#define PUSH_ANSWER "*3\r\n$5\r\nLPUSH\r\n$7\r\nanswers\r\n$"

static void
put_value(struct wire *wire, const char *command, const char *value, size_t n)
{
	wire_put_text(wire, command);
	wire_put_number(wire, n);
	wire_put(wire, "\r\n", 2);
	wire_put(wire, value, n);
	wire_put(wire, "\r\n", 2);
}

/*
 * A bulk string from *at on, which moves behind it. False while it is not
 * whole.
 */
static bool
take_bulk(const char **at, const char *end, const char **value, size_t *n)
{
	size_t head = line_length(*at, (size_t)(end - *at));

	if (head == 0)
		return false;
	if (**at != '$')
		protocol_fail("redis", *at, (size_t)(end - *at));
	*n = job_number(*at + 1, head - 1);
	*value = *at + head;
	if ((size_t)(end - *value) < *n + 2)
		return false;
	*at = *value + *n + 2;
	return true;
}

/*
 * A reply to a push, whose *value is NULL, or to a pop. Its bytes, or 0 while
 * it is not whole.
 */
static size_t
take_reply(const char *data, size_t length, const char **value, size_t *n)
{
	const char *end = data + length, *at, *list;
	size_t head = line_length(data, length), list_n;

	*value = NULL;
	if (head == 0 || data[0] == ':')
		return head;
	if (!has_word(data, head, "*2\r\n"))
		protocol_fail("redis", data, head);
	at = data + head;
	if (!take_bulk(&at, end, &list, &list_n) ||
	    !take_bulk(&at, end, value, n))
		return 0;
	return (size_t)(at - data);
}

static void
redis_ask(struct wires *wires, size_t slot, uint64_t tag)
{
	char request[JOB_REQUEST_BYTES];

	put_value(wires_for_jobs(wires, slot), PUSH_JOB, request,
	    job_request(request, tag));
	wire_put_text(wires_for_waits(wires, slot), POP_ANSWER);
}

static size_t
redis_take(struct wire *wire, const char *data, size_t length, uint64_t *tag)
{
	const char *value;
	size_t n, taken = take_reply(data, length, &value, &n);

	(void)wire;
	if (taken > 0 && value != NULL)
		*tag = job_answered(value, n);
	return taken;
}

static void
redis_enlist(struct wire *wire, unsigned n_ahead)
{
	for (unsigned i = 0; i < n_ahead; i++)
		wire_put_text(wire, POP_JOB);
}

static size_t
redis_serve(struct wire *wire, const char *data, size_t length)
{
	char answer[JOB_ANSWER_BYTES];
	const char *value;
	size_t n, taken = take_reply(data, length, &value, &n);

	if (taken > 0 && value != NULL) {
		put_value(
		    wire, PUSH_ANSWER, answer, job_work(answer, value, n));
		wire_put_text(wire, POP_JOB);
	}
	return taken;
}

const struct protocol redis_protocol = {
    .name = "redis",
    .ask = redis_ask,
    .take = redis_take,
    .enlist = redis_enlist,
    .serve = redis_serve,
};
