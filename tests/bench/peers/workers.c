/*
 * workers PROTOCOL PORT: worker processes that connect to a server and serve its
 * jobs, one at a time each. Says "ready" once all of them are there; ends when
 * the one that started it ends, or a worker does.
 *
 *	--workers N    processes (2)
 *	--ahead N      jobs that a worker asks for at once (1); not for those
 *	               servers that keep its answer behind a request that waits
 *	--json         the jobs are in JSON
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/peers/crew.h"
#include "tests/bench/peers/protocol.h"

struct plan {
	const struct protocol *protocol;
	uint16_t port;
	unsigned n_workers, n_ahead;
};

/* Serves what was read; whether the word that makes it ready was among it. */
static bool
serve_all(const struct protocol *protocol, struct wire *wire)
{
	struct buffer *in = &wire->in;
	bool is_ready = false;
	size_t taken;

	do {
		const char *data = in->data + in->begin;
		size_t length = wire_unread(wire);

		taken = protocol->serve(wire, data, length);
		if (taken > 0 && protocol->ready_word != NULL &&
		    has_word(data, length, protocol->ready_word))
			is_ready = true;
		in->begin += taken;
	} while (taken > 0 && wire_unread(wire) > 0);
	return is_ready;
}

static void
work(void *arg)
{
	const struct plan *plan = arg;
	const struct protocol *protocol = plan->protocol;
	bool is_ready = protocol->ready_word == NULL, is_told = false;
	struct wire wire;

	wire_open(&wire, plan->port);
	protocol->enlist(&wire, plan->n_ahead);
	for (;;) {
		wire_flush(&wire);
		if (is_ready && !is_told) {
			crew_is_ready();
			is_told = true;
		}
		/* It may wait for as long as nobody has a job. */
		if (wire_fill(&wire, false))
			is_ready |= serve_all(protocol, &wire);
	}
}

static struct plan
read_plan(int argc, char *argv[])
{
	static const struct option options[] = {
	    {"workers", required_argument, NULL, 'w'},
	    {"ahead", required_argument, NULL, 'a'},
	    {"json", no_argument, NULL, 'J'},
	    {NULL, 0, NULL, 0},
	};
	struct plan plan = {.n_workers = 2, .n_ahead = 1};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'w')
			plan.n_workers = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'a')
			plan.n_ahead = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'J')
			job_use_json();
		else
			exit(2);
	}
	if (argc - optind == 2)
		plan.protocol = protocol_find(argv[optind]);
	if (plan.protocol == NULL || plan.protocol->serve == NULL) {
		fprintf(stderr,
		    "usage: workers [--workers N] [--ahead N] "
		    "[--json] PROTOCOL PORT\n");
		exit(2);
	}
	plan.port = (uint16_t)strtoul(argv[optind + 1], NULL, 10);
	return plan;
}

int
main(int argc, char *argv[])
{
	struct plan plan = read_plan(argc, argv);

	crew_start(plan.n_workers, work, &plan);
	printf("ready\n");
	fflush(stdout);
	crew_await_end();
}
