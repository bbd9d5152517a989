/*
 * NATS, request and reply: a client subscribes to an inbox for each wire, once,
 * and publishes each job with a subject of its own below that; workers share a
 * queue group.
 */
#include "tests/bench/peers/protocol.h"

#include <string.h>

#define CONNECT                                                               \
	"CONNECT "                                                            \
	"{\"verbose\":false,\"pedantic\":false,\"tls_required\":false,"       \
	"\"lang\":\"c\",\"version\":\"1\",\"protocol\":1,\"name\":\"bench\"}" \
	"\r\n"

struct message {
	const char *reply_to; /* NULL: none */
	size_t reply_to_n;
	const char *payload; /* NULL: no message, but an operation */
	size_t payload_n;
};

/* The words of a line, split at blanks: how many; at most n are kept. */
static size_t
split(const char *line, size_t length, const char *words[], size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < length; i++) {
		bool is_begin = i == 0 || line[i - 1] == ' ';

		if (is_begin && line[i] != ' ' && found < n)
			words[found++] = line + i;
	}
	return found;
}

/*
 * "MSG subject sid [reply-to] bytes", with the payload on its own line; or
 * another operation. Its bytes, or 0 while it is not whole.
 */
static size_t
take_operation(
    struct wire *wire, const char *data, size_t length, struct message *message)
{
	size_t head = line_length(data, length), n;
	const char *words[5];

	memset(message, 0, sizeof(*message));
	if (head == 0)
		return 0;
	if (!has_word(data, head, "MSG ")) {
		if (has_word(data, head, "PING"))
			wire_put_text(wire, "PONG\r\n");
		else if (!has_word(data, head, "PONG") &&
		    !has_word(data, head, "INFO ") &&
		    !has_word(data, head, "+OK"))
			protocol_fail("nats", data, head);
		return head;
	}
	n = split(data, head, words, 5);
	message->payload_n =
	    job_number(words[n - 1], head - (size_t)(words[n - 1] - data));
	if (length < head + message->payload_n + 2)
		return 0;
	message->payload = data + head;
	if (n == 5) {
		message->reply_to = words[3];
		message->reply_to_n = (size_t)(words[4] - words[3] - 1);
	}
	return head + message->payload_n + 2;
}

static void
nats_greet(struct wire *wire, size_t n)
{
	wire_put_text(wire, CONNECT "SUB inbox.");
	wire_put_number(wire, n);
	wire_put_text(wire, ".* 1\r\n");
}

static void
nats_ask(struct wires *wires, size_t slot, uint64_t tag)
{
	size_t i = slot % wires->n;
	struct wire *wire = &wires->wires[i];
	char request[JOB_REQUEST_BYTES];
	size_t length = job_request(request, tag);

	wire_put_text(wire, "PUB jobs inbox.");
	wire_put_number(wire, i);
	wire_put(wire, ".", 1);
	wire_put_number(wire, slot);
	wire_put(wire, " ", 1);
	wire_put_number(wire, length);
	wire_put(wire, "\r\n", 2);
	wire_put(wire, request, length);
	wire_put(wire, "\r\n", 2);
}

static size_t
nats_take(struct wire *wire, const char *data, size_t length, uint64_t *tag)
{
	struct message message;
	size_t taken = take_operation(wire, data, length, &message);

	if (taken > 0 && message.payload != NULL)
		*tag = job_answered(message.payload, message.payload_n);
	return taken;
}

/* Its PONG says that the subscription before it is in force. */
static void
nats_enlist(struct wire *wire, unsigned n_ahead)
{
	(void)n_ahead;
	wire_put_text(wire, CONNECT "SUB jobs workers 1\r\nPING\r\n");
}

static size_t
nats_serve(struct wire *wire, const char *data, size_t length)
{
	struct message message;
	size_t taken = take_operation(wire, data, length, &message);
	char answer[JOB_ANSWER_BYTES];
	size_t n;

	if (taken == 0 || message.reply_to == NULL)
		return taken;
	n = job_work(answer, message.payload, message.payload_n);
	wire_put(wire, "PUB ", 4);
	wire_put(wire, message.reply_to, message.reply_to_n);
	wire_put(wire, " ", 1);
	wire_put_number(wire, n);
	wire_put(wire, "\r\n", 2);
	wire_put(wire, answer, n);
	wire_put(wire, "\r\n", 2);
	return taken;
}

const struct protocol nats_protocol = {
    .name = "nats",
    .greet = nats_greet,
    .ask = nats_ask,
    .take = nats_take,
    .enlist = nats_enlist,
    .serve = nats_serve,
    .ready_word = "PONG",
};
