/*
 * A client of gild: ten jobs at once, and where the time of each went.
 *
 *	cc example.c $(pkg-config --cflags --libs libgil) -o example
 *	./example [SERVER [POOL]]
 */
#include <gil.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void
print_result(const struct gil_event *event)
{
	const struct gil_timing *timing = &event->result.timing;
	uint64_t there_and_back_ns = event->received_ns - event->sent_ns;

	printf("job %" PRIu64 " %s: queued %" PRIu64 " us, ran %" PRIu64
	       " us, waited for the lock %" PRIu64 " us, on its way %" PRIu64
	       " us\n",
	    event->tag, gil_state_name(event->result.state),
	    timing->queue_ns / 1000, timing->wall_ns / 1000,
	    timing->lock_wait_ns / 1000,
	    (there_and_back_ns - timing->total_ns) / 1000);
}

int
main(int argc, char **argv)
{
	struct gil_options options = {.server = argc > 1 ? argv[1] : NULL};
	struct gil_job job = {.count = 100000,
	    .pool = argc > 2 ? argv[2] : "threads",
	    .workers = 2};
	struct gil_failure failure;
	struct gil *gil = gil_connect(&options, &failure);
	int status = EXIT_SUCCESS;

	if (gil == NULL) {
		fprintf(stderr, "cannot connect: %s\n", failure.text);
		return EXIT_FAILURE;
	}
	for (uint64_t tag = 1; tag <= 10; tag++)
		if (gil_submit(gil, &job, tag) == -1) {
			perror("gil_submit");
			gil_close(gil);
			return EXIT_FAILURE;
		}
	while (gil_unanswered(gil) > 0) {
		const struct gil_event *event = gil_poll(gil, GIL_FOREVER);

		switch (event->type) {
		case GIL_RESULT:
			print_result(event);
			break;
		case GIL_ERROR:
			fprintf(stderr, "job %" PRIu64 " was refused: %s %s\n",
			    event->tag, event->error.message,
			    event->error.detail);
			status = EXIT_FAILURE;
			break;
		case GIL_UNANSWERED:
			fprintf(stderr, "job %" PRIu64 " has no answer: %s\n",
			    event->tag, event->text);
			status = EXIT_FAILURE;
			break;
		default:
			break;
		}
	}
	gil_close(gil);
	return status;
}
