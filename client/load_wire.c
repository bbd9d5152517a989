/*
 * Owns: how the load generator speaks to a gild, which is by a link.
 *
 * A link's bytes are read when load_wire_next() has no answer at hand, and the
 * clock with them, so that what came together has the same moment.
 */
#include "client/load_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/link.h"
#include "client/show.h"
#include "proto/result.h"

struct load_wire {
	struct link *link;
	json_t *root; /* of the answer that was handed out last, or NULL */
	uint64_t received_ns;
	bool is_fresh; /* the link was served since it was last found empty */
};

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

struct load_wire *
load_wire_open(
    const char *server, int timeout_ms, char error[LOAD_WIRE_ERROR_CHARS + 1])
{
	struct link_options options = {
	    .server = server, .connect_timeout_ms = timeout_ms};
	struct load_wire *wire = calloc(1, sizeof(*wire));
	struct link_failure failure;

	if (wire == NULL) {
		snprintf(error, LOAD_WIRE_ERROR_CHARS + 1, "out of memory");
		return NULL;
	}
	wire->link = link_open(&options, &failure);
	if (wire->link == NULL) {
		snprintf(error, LOAD_WIRE_ERROR_CHARS + 1, "%s", failure.text);
		free(wire);
		return NULL;
	}
	return wire;
}

void
load_wire_close(struct load_wire *wire)
{
	if (wire == NULL)
		return;
	json_decref(wire->root);
	link_close(wire->link);
	free(wire);
}

int
load_wire_fd(const struct load_wire *wire)
{
	return link_fd(wire->link);
}

short
load_wire_events(const struct load_wire *wire)
{
	return link_events(wire->link);
}

size_t
load_wire_unsent_bytes(const struct load_wire *wire)
{
	return link_unsent_bytes(wire->link);
}

int
load_wire_submit(
    struct load_wire *wire, const struct job_request *request, uint64_t tag)
{
	return link_send(
	    wire->link, tag, "job.submit", job_request_to_json(request));
}

void
load_wire_flush(struct load_wire *wire)
{
	link_serve(wire->link);
	wire->received_ns = now_ns();
	wire->is_fresh = true;
}

/* The answer is an error of the protocol, or a job that is not done. */
static void
read_failure(
    const json_t *error, const json_t *result, struct load_answer *answer)
{
	const json_t *data = json_object_get(error, "data");

	if (error == NULL) {
		answer->reason = show_text(result, "state");
		answer->detail = show_text(result, "reason");
		return;
	}
	answer->reason = show_text(data, "reason");
	answer->detail = show_text(data, "detail");
	if (strcmp(answer->detail, "-") == 0)
		answer->detail = show_text(error, "message");
}

static void
read_answer(const struct jsonrpc_reply *reply, struct load_answer *answer)
{
	const json_t *timing = json_object_get(reply->result, "timing");

	*answer = (struct load_answer){
	    .tag = (uint64_t)json_integer_value(reply->id),
	    .is_done = reply->result != NULL &&
		strcmp(show_text(reply->result, "state"), "done") == 0,
	    .queue_ns = show_number(timing, "queue_ns"),
	    .wall_ns = show_number(timing, "wall_ns"),
	    .total_ns = show_number(timing, "total_ns"),
	    .lock_wait_ns = show_number(timing, "lock_wait_ns"),
	    .reason = "",
	    .detail = "",
	};
	if (!answer->is_done)
		read_failure(reply->error, reply->result, answer);
}

enum load_wire_status
load_wire_next(struct load_wire *wire, struct load_answer *answer)
{
	struct jsonrpc_reply reply;

	json_decref(wire->root);
	wire->root = NULL;
	for (;;) {
		switch (link_next(wire->link, &reply)) {
		case LINK_REPLY:
			break;
		case LINK_EMPTY:
			if (wire->is_fresh) {
				wire->is_fresh = false;
				return LOAD_WIRE_EMPTY;
			}
			load_wire_flush(wire);
			continue;
		default:
			return LOAD_WIRE_LOST;
		}
		if (reply.method == NULL)
			break;
		json_decref(reply.root);
	}
	wire->root = reply.root;
	read_answer(&reply, answer);
	answer->received_ns = wire->received_ns;
	return LOAD_WIRE_ANSWER;
}

const char *
load_wire_error(const struct load_wire *wire)
{
	return link_error(wire->link);
}
