/*
 * load PROTOCOL PORT: a client that keeps so many jobs in flight, measures, and
 * prints a line of JSON. One thread, the same for every server, so that what
 * differs is the server.
 *
 *	--in-flight N    jobs at once (1)
 *	--wires N        connections (1; for http one a job in flight)
 *	--seconds S      how long to measure, behind a warm-up (1)
 *	--warm-up S      how long that is (0.2)
 *	--jobs N         instead: so many jobs in all, measured from the first on
 *	--rate N         open loop: so many jobs a second, whenever answers come;
 *	                 a latency begins when its job was due
 *	--json           the jobs are in JSON
 *
 * Every job is to be answered, and once: an answer that nobody waits for, one
 * that comes twice, and silence end the program with 1.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "daemon/clock.h"
#include "tests/bench/peers/latency.h"
#include "tests/bench/peers/protocol.h"
#include "tests/bench/server.h"

#define PATIENCE_MS 20000
#define MAX_EVENTS 256

struct slot {
	uint64_t tag; /* JOB_NO_TAG: nothing is in flight */
	uint64_t due_ns;
};

struct load {
	const struct protocol *protocol;
	struct wires wires;
	struct slot *slots;
	uint64_t *spare; /* slots that are free */
	size_t n_slots, n_spare;
	uint64_t n_asked, n_most;  /* jobs; n_most 0: until the end */
	uint64_t begin_ns, end_ns; /* measured are answers between */
	double interval_ns; /* between jobs; 0: as soon as one is answered */
	uint64_t first_ns;  /* of the open loop */
	struct latency latency;
	int epoll;
};

/* --- jobs --- */

static void
ask(struct load *load, uint64_t due_ns)
{
	uint64_t slot = load->spare[--load->n_spare];
	uint64_t tag = load->n_asked++ * load->n_slots + slot;

	load->slots[slot] = (struct slot){.tag = tag, .due_ns = due_ns};
	load->protocol->ask(&load->wires, slot, tag);
}

static bool
goes_on(const struct load *load, uint64_t now_ns)
{
	if (load->n_most > 0)
		return load->n_asked < load->n_most;
	return now_ns < load->end_ns;
}

/* Nanoseconds until the next job is due; 0: none is. */
static uint64_t
ask_what_is_due(struct load *load)
{
	uint64_t now_ns = clock_monotonic_ns();

	while (load->n_spare > 0 && goes_on(load, now_ns)) {
		uint64_t due_ns = now_ns;

		if (load->interval_ns > 0)
			due_ns = load->first_ns +
			    (uint64_t)((double)load->n_asked *
				load->interval_ns);
		if (due_ns > now_ns)
			return due_ns - now_ns;
		ask(load, due_ns);
	}
	return 0;
}

/* Where a machine is so busy that no answer came in time, the first one is. */
static bool
is_measured(struct load *load, uint64_t now_ns)
{
	if (load->n_most > 0)
		return true;
	if (now_ns >= load->end_ns && load->latency.n == 0)
		load->end_ns = now_ns + 1;
	return now_ns >= load->begin_ns && now_ns < load->end_ns;
}

static void
answered(struct load *load, uint64_t tag, uint64_t now_ns)
{
	struct slot *slot = &load->slots[tag % load->n_slots];

	if (slot->tag != tag) {
		fprintf(stderr,
		    "an answer that nobody waits for: %" PRIu64 "\n", tag);
		exit(EXIT_FAILURE);
	}
	if (is_measured(load, now_ns))
		latency_add(&load->latency, now_ns - slot->due_ns);
	slot->tag = JOB_NO_TAG;
	load->spare[load->n_spare++] = tag % load->n_slots;
}

static void
take_all(struct load *load, struct wire *wire)
{
	struct buffer *in = &wire->in;
	uint64_t now_ns = clock_monotonic_ns();
	size_t taken;

	do {
		uint64_t tag = JOB_NO_TAG;

		taken = load->protocol->take(
		    wire, in->data + in->begin, wire_unread(wire), &tag);
		in->begin += taken;
		if (tag != JOB_NO_TAG)
			answered(load, tag, now_ns);
	} while (taken > 0 && wire_unread(wire) > 0);
}

/* --- the loops --- */

/* One wire, one job: no more system calls than a send and a receive. */
static void
run_simple(struct load *load)
{
	struct wire *wire = &load->wires.wires[0];

	for (;;) {
		ask_what_is_due(load);
		wire_flush(wire);
		if (load->n_spare == load->n_slots)
			return;
		while (load->n_spare < load->n_slots) {
			if (!wire_fill(wire, false))
				die("no answer");
			take_all(load, wire);
		}
	}
}

static void
watch(struct load *load, size_t i, int operation)
{
	struct wire *wire = &load->wires.wires[i];
	struct epoll_event event = {.data.u64 = i,
	    .events = wire->is_blocked ? EPOLLIN | EPOLLOUT : EPOLLIN};

	if (epoll_ctl(load->epoll, operation, wire->fd, &event) != 0)
		die("epoll_ctl");
}

static void
flush_all(struct load *load)
{
	for (size_t i = 0; i < load->wires.n; i++) {
		struct wire *wire = &load->wires.wires[i];
		bool was_blocked = wire->is_blocked;

		if (wire->out.begin == wire->out.end)
			continue;
		wire_flush(wire);
		if (wire->is_blocked != was_blocked)
			watch(load, i, EPOLL_CTL_MOD);
	}
}

/* Waits for answers, or until the next job is due. */
static int
await(struct load *load, struct epoll_event events[], uint64_t due_in_ns)
{
	struct timespec until = {.tv_sec = (time_t)(due_in_ns / NS_PER_S),
	    .tv_nsec = (long)(due_in_ns % NS_PER_S)};
	int n;

	if (due_in_ns == 0)
		until = (struct timespec){.tv_sec = PATIENCE_MS / 1000};
	n = epoll_pwait2(load->epoll, events, MAX_EVENTS, &until, NULL);
	if (n < 0 && errno != EINTR)
		die("epoll_pwait2");
	if (n == 0 && due_in_ns == 0) {
		fprintf(stderr, "%zu jobs are not answered\n",
		    load->n_slots - load->n_spare);
		exit(EXIT_FAILURE);
	}
	return n;
}

static void
run(struct load *load)
{
	struct epoll_event events[MAX_EVENTS];

	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load->epoll < 0)
		die("epoll_create1");
	for (size_t i = 0; i < load->wires.n; i++) {
		wire_set_nonblocking(&load->wires.wires[i]);
		watch(load, i, EPOLL_CTL_ADD);
	}
	for (;;) {
		uint64_t due_in_ns = ask_what_is_due(load);
		int n;

		flush_all(load);
		if (load->n_spare == load->n_slots && due_in_ns == 0)
			return;
		n = await(load, events, due_in_ns);
		for (int i = 0; i < n; i++) {
			struct wire *wire =
			    &load->wires.wires[events[i].data.u64];

			if (wire_fill(wire, false))
				take_all(load, wire);
		}
	}
}

/* --- the program --- */

struct plan {
	const struct protocol *protocol;
	uint16_t port;
	size_t n_in_flight, n_wires;
	double seconds, warm_up_s, rate;
	uint64_t n_jobs;
};

static void
prepare(struct load *load, const struct plan *plan)
{
	memset(load, 0, sizeof(*load));
	load->protocol = plan->protocol;
	load->n_slots = load->n_spare = plan->n_in_flight;
	load->slots = calloc(load->n_slots, sizeof(*load->slots));
	load->spare = calloc(load->n_slots, sizeof(*load->spare));
	load->wires.n = plan->protocol->has_one_job_a_wire ? plan->n_in_flight
							   : plan->n_wires;
	load->wires.wires = calloc(load->wires.n, sizeof(*load->wires.wires));
	if (load->slots == NULL || load->spare == NULL ||
	    load->wires.wires == NULL)
		die("calloc");
	for (size_t i = 0; i < load->n_slots; i++) {
		load->slots[i].tag = JOB_NO_TAG;
		load->spare[i] = load->n_slots - 1 - i;
	}
	for (size_t i = 0; i < load->wires.n; i++) {
		wire_open(&load->wires.wires[i], plan->port);
		if (plan->protocol->greet != NULL)
			plan->protocol->greet(&load->wires.wires[i], i);
	}
	load->n_most = plan->n_jobs;
	if (plan->rate > 0)
		load->interval_ns = 1e9 / plan->rate;
	load->first_ns = clock_monotonic_ns();
	load->begin_ns = load->first_ns + (uint64_t)(plan->warm_up_s * 1e9);
	load->end_ns = load->begin_ns + (uint64_t)(plan->seconds * 1e9);
}

static void
report(const struct load *load)
{
	double elapsed_s =
	    (double)(clock_monotonic_ns() - load->first_ns) / 1e9;
	double measured_s = load->n_most > 0
	    ? elapsed_s
	    : (double)(load->end_ns - load->begin_ns) / 1e9;

	latency_print(&load->latency, measured_s, elapsed_s);
}

static void
finish(struct load *load)
{
	for (size_t i = 0; i < load->wires.n; i++)
		wire_finish(&load->wires.wires[i]);
	free(load->wires.wires);
	free(load->slots);
	free(load->spare);
}

static void __attribute__((noreturn)) usage(void)
{
	fprintf(stderr,
	    "usage: load [--in-flight N] [--wires N] [--seconds S] "
	    "[--warm-up S]\n            [--jobs N] [--rate N] [--json] "
	    "PROTOCOL PORT\n");
	exit(2);
}

static void
read_option(struct plan *plan, int option, const char *value)
{
	switch (option) {
	case 'f':
		plan->n_in_flight = strtoul(value, NULL, 10);
		break;
	case 'w':
		plan->n_wires = strtoul(value, NULL, 10);
		break;
	case 's':
		plan->seconds = strtod(value, NULL);
		break;
	case 'u':
		plan->warm_up_s = strtod(value, NULL);
		break;
	case 'j':
		plan->n_jobs = strtoull(value, NULL, 10);
		break;
	case 'r':
		plan->rate = strtod(value, NULL);
		break;
	case 'J':
		job_use_json();
		break;
	default:
		usage();
	}
}

static struct plan
read_plan(int argc, char *argv[])
{
	static const struct option options[] = {
	    {"in-flight", required_argument, NULL, 'f'},
	    {"wires", required_argument, NULL, 'w'},
	    {"seconds", required_argument, NULL, 's'},
	    {"warm-up", required_argument, NULL, 'u'},
	    {"jobs", required_argument, NULL, 'j'},
	    {"rate", required_argument, NULL, 'r'},
	    {"json", no_argument, NULL, 'J'},
	    {NULL, 0, NULL, 0},
	};
	struct plan plan = {
	    .n_in_flight = 1, .n_wires = 1, .seconds = 1, .warm_up_s = 0.2};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		read_option(&plan, option, optarg);
	if (argc - optind != 2 || plan.n_in_flight == 0 || plan.n_wires == 0)
		usage();
	plan.protocol = protocol_find(argv[optind]);
	if (plan.protocol == NULL)
		exit(2);
	if (plan.protocol->is_json)
		job_use_json();
	plan.port = (uint16_t)strtoul(argv[optind + 1], NULL, 10);
	return plan;
}

int
main(int argc, char *argv[])
{
	struct plan plan = read_plan(argc, argv);
	static struct load load;

	prepare(&load, &plan);
	if (load.n_slots == 1 && load.wires.n == 1 && plan.rate <= 0)
		run_simple(&load);
	else
		run(&load);
	report(&load);
	finish(&load);
	return EXIT_SUCCESS;
}
