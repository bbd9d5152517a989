/*
 * Owns: how the load generator speaks to a gild, which is by libgil. What a
 * job is to be and what came of it have other names there; and a connection
 * that is lost is told here once, not for each of its jobs.
 */
#include "client/load_wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/libgil/gil.h"

struct load_wire {
	struct gil *gil;
	char error[LOAD_WIRE_ERROR_CHARS + 1];
};

struct load_wire *
load_wire_open(
    const char *server, int timeout_ms, char error[LOAD_WIRE_ERROR_CHARS + 1])
{
	struct gil_options options = {
	    .server = server, .connect_timeout_ms = timeout_ms};
	struct load_wire *wire = calloc(1, sizeof(*wire));
	struct gil_failure failure;

	if (wire == NULL) {
		snprintf(
		    error, LOAD_WIRE_ERROR_CHARS + 1, "%s", strerror(ENOMEM));
		return NULL;
	}
	wire->gil = gil_connect(&options, &failure);
	if (wire->gil == NULL) {
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
	gil_close(wire->gil);
	free(wire);
}

int
load_wire_fd(const struct load_wire *wire)
{
	return gil_fd(wire->gil);
}

short
load_wire_events(const struct load_wire *wire)
{
	return gil_events(wire->gil);
}

size_t
load_wire_unsent_bytes(const struct load_wire *wire)
{
	return gil_unsent_bytes(wire->gil);
}

static enum gil_profile
gil_profile_of(enum job_profile profile)
{
	switch (profile) {
	case PROFILE_NATIVE:
		return GIL_PROFILE_NATIVE;
	case PROFILE_IO:
		return GIL_PROFILE_IO;
	default:
		return GIL_PROFILE_CPU;
	}
}

int
load_wire_submit(
    struct load_wire *wire, const struct job_request *request, uint64_t tag)
{
	struct gil_job job = {
	    .count = request->count,
	    .pool = request->pool,
	    .workers = request->workers,
	    .profile = gil_profile_of(request->profile),
	    .cost_ns = request->cost_ns,
	    .io_every = request->io_every,
	    .io_for_us = request->io_for_us,
	    .timeout_ms = request->timeout_ms,
	    .has_priority = true,
	    .priority = (uint8_t)request->priority,
	};

	/* One that is lost says so to whoever asks for its answers. */
	if (gil_submit(wire->gil, &job, tag) == -1 && errno != ENOTCONN)
		return -1;
	return 0;
}

void
load_wire_flush(struct load_wire *wire)
{
	gil_flush(wire->gil);
}

static void
read_result(const struct gil_event *event, struct load_answer *answer)
{
	const struct gil_result *result = &event->result;

	*answer = (struct load_answer){
	    .tag = event->tag,
	    .received_ns = event->received_ns,
	    .is_done = result->state == GIL_DONE,
	    .queue_ns = result->timing.queue_ns,
	    .wall_ns = result->timing.wall_ns,
	    .total_ns = result->timing.total_ns,
	    .lock_wait_ns = result->timing.lock_wait_ns,
	    .reason = "",
	    .detail = "",
	};
	if (!answer->is_done) {
		answer->reason = gil_state_name(result->state);
		answer->detail = result->reason;
	}
}

static void
read_error(const struct gil_event *event, struct load_answer *answer)
{
	const struct gil_error *error = &event->error;

	*answer = (struct load_answer){
	    .tag = event->tag,
	    .received_ns = event->received_ns,
	    .reason = error->reason,
	    .detail = error->detail[0] != '\0' ? error->detail : error->message,
	};
}

enum load_wire_status
load_wire_next(struct load_wire *wire, struct load_answer *answer)
{
	for (;;) {
		const struct gil_event *event = gil_poll(wire->gil, 0);

		switch (event->type) {
		case GIL_RESULT:
			read_result(event, answer);
			return LOAD_WIRE_ANSWER;
		case GIL_ERROR:
			/* Of no request: of a line; which one is not known. */
			if (event->request == 0)
				continue;
			read_error(event, answer);
			return LOAD_WIRE_ANSWER;
		case GIL_UNANSWERED:
		case GIL_LOST:
			snprintf(wire->error, sizeof(wire->error), "%s",
			    event->text);
			return LOAD_WIRE_LOST;
		case GIL_NOTHING:
		case GIL_WOKEN:
			return LOAD_WIRE_EMPTY;
		case GIL_PROGRESS:
		case GIL_NOTICE:
			break;
		}
	}
}

const char *
load_wire_error(const struct load_wire *wire)
{
	return wire->error;
}
