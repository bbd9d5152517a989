/*
 * Ties a link again. How often that is tried, and for how long, is patience.c's
 * to say; what is said of it is here, once for each time that it tears.
 */
#include "client/lifeline.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "client/interrupt.h"
#include "client/libgil/gil.h"
#include "client/talk.h"
#include "client/units.h"

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
lifeline_init(struct lifeline *line, const struct context *context,
    uint64_t retry_for_ms, struct progress *progress)
{
	*line = (struct lifeline){.context = context, .progress = progress};
	patience_init(&line->patience, retry_for_ms);
}

enum outcome
lifeline_open(struct lifeline *line)
{
	enum outcome outcome = talk_open(line->context, &line->gil);

	if (outcome == OUTCOME_FINE)
		outcome = talk_catch(line->context);
	if (outcome == OUTCOME_FINE)
		gil_set_wake_fd(line->gil, interrupt_fd());
	return outcome;
}

static enum outcome
sleep_for(int64_t pause_ms)
{
	int64_t end_ms = now_ms() + pause_ms;
	struct pollfd wake = {.fd = interrupt_fd(), .events = POLLIN};

	for (;;) {
		int64_t left_ms = end_ms - now_ms();

		if (poll(&wake, 1, left_ms > 0 ? (int)left_ms : 0) > 0)
			return OUTCOME_INTERRUPTED;
		if (left_ms <= 0)
			return OUTCOME_FINE;
	}
}

/* One more try, quietly. */
static bool
try_again(struct lifeline *line, struct gil_failure *failure)
{
	struct gil_options options = {
	    .server = line->context->server,
	    .connect_timeout_ms = (int)line->context->connect_timeout_ms,
	};

	line->gil = gil_connect(&options, failure);
	if (line->gil == NULL)
		return false;
	gil_set_wake_fd(line->gil, interrupt_fd());
	return true;
}

enum outcome
lifeline_reopen(struct lifeline *line)
{
	const struct context *context = line->context;
	uint64_t for_us = (uint64_t)line->patience.for_ms * 1000;
	struct gil_failure failure = {.text = "it hangs up"};
	enum outcome outcome;
	int64_t pause_ms;

	if (line->progress != NULL)
		progress_clear(line->progress);
	if (line->patience.for_ms == 0)
		return talk_lost(context, line->gil);
	if (!line->patience.is_troubled)
		command_complain(context->command,
		    "lost the connection to %s: %s; trying again for %s",
		    context->server, gil_why(line->gil),
		    units_parameter_us(for_us).text);
	lifeline_close(line);
	while ((pause_ms = patience_next(&line->patience, now_ms(), 0)) >= 0) {
		outcome = sleep_for(pause_ms);
		if (outcome != OUTCOME_FINE || try_again(line, &failure))
			return outcome;
	}
	command_complain(context->command,
	    "cannot connect to %s again in %s: %s", context->server,
	    units_parameter_us(for_us).text, failure.text);
	return OUTCOME_NO_SERVER;
}

void
lifeline_prove(struct lifeline *line)
{
	patience_end(&line->patience);
}

void
lifeline_close(struct lifeline *line)
{
	gil_close(line->gil);
	line->gil = NULL;
}
