/*
 * libgearman: gearmand's own C library, as its users would have it, where
 * protocol_gearman.c speaks to gearmand directly.
 *
 *	libgearman work [--workers N] PORT
 *		worker processes, one job at a time each; "ready" once all of
 *		them are there. It ends when the one that started it does
 *	libgearman load [--in-flight N] [--seconds S] [--warm-up S] [--jobs N]
 *	                PORT
 *		a client, with the options and the line of load
 *
 * The client has one connection, as each client of the library has. It runs
 * tasks, and whenever one is complete it adds the next: the library sends all
 * that were added at once. Jobs have no unique key, which would cost gearmand
 * a look-up. Each is to be answered, and once, or the program ends with 1.
 */
#include <getopt.h>
#include <inttypes.h>
#include <libgearman/gearman.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "tests/bench/peers/crew.h"
#include "tests/bench/peers/job.h"
#include "tests/bench/peers/latency.h"
#include "tests/bench/server.h"

#define FUNCTION "count"
#define PATIENCE_MS 20000

struct plan {
	in_port_t port;
	unsigned n_workers;
	size_t n_in_flight;
	double seconds, warm_up_s;
	uint64_t n_jobs; /* 0: for so many seconds */
};

static void __attribute__((noreturn)) fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why != NULL ? why : "no reason");
	exit(EXIT_FAILURE);
}

/* --- a worker --- */

/* The library frees the answer. */
static void *
count(
    gearman_job_st *job, void *context, size_t *length, gearman_return_t *said)
{
	char *answer = malloc(JOB_ANSWER_BYTES);

	(void)context;
	if (answer == NULL)
		die("malloc");
	*length = job_work(
	    answer, gearman_job_workload(job), gearman_job_workload_size(job));
	*said = GEARMAN_SUCCESS;
	return answer;
}

static void
work(void *arg)
{
	const struct plan *plan = arg;
	gearman_worker_st *worker = gearman_worker_create(NULL);

	if (worker == NULL ||
	    gearman_worker_add_server(worker, "127.0.0.1", plan->port) !=
		GEARMAN_SUCCESS ||
	    gearman_worker_add_function(worker, FUNCTION, 0, count, NULL) !=
		GEARMAN_SUCCESS ||
	    gearman_worker_echo(worker, "?", 1) != GEARMAN_SUCCESS)
		fail("worker", gearman_worker_error(worker));
	crew_is_ready();
	while (gearman_worker_work(worker) == GEARMAN_SUCCESS)
		;
	fail("worker", gearman_worker_error(worker));
}

/* --- the client --- */

struct slot {
	uint64_t tag;
	uint64_t asked_ns;
};

/* Of the one client: what the library calls back gets a task and no more. */
static struct {
	gearman_client_st *client;
	struct slot *slots;
	size_t n_slots;
	uint64_t n_asked, n_answered;
	uint64_t n_most; /* 0: until the end */
	uint64_t first_ns, begin_ns, end_ns;
	struct latency latency;
} load;

static void
ask(struct slot *slot, uint64_t now_ns)
{
	char request[JOB_REQUEST_BYTES];
	gearman_return_t said;

	slot->tag =
	    load.n_asked++ * load.n_slots + (uint64_t)(slot - load.slots);
	slot->asked_ns = now_ns;
	if (gearman_client_add_task(load.client, NULL, slot, FUNCTION, NULL,
		request, job_request(request, slot->tag), &said) == NULL ||
	    said != GEARMAN_SUCCESS)
		fail("client", gearman_client_error(load.client));
}

static bool
goes_on(uint64_t now_ns)
{
	if (load.n_most > 0)
		return load.n_asked < load.n_most;
	return now_ns < load.end_ns;
}

/* Where a machine is so busy that no answer came in time, the first one is. */
static bool
is_measured(uint64_t now_ns)
{
	if (load.n_most > 0)
		return true;
	if (now_ns >= load.end_ns && load.latency.n == 0)
		load.end_ns = now_ns + 1;
	return now_ns >= load.begin_ns && now_ns < load.end_ns;
}

static gearman_return_t
complete_cb(gearman_task_st *task)
{
	struct slot *slot = gearman_task_context(task);
	uint64_t now_ns = clock_monotonic_ns();

	if (slot->tag !=
	    job_answered(gearman_task_data(task), gearman_task_data_size(task)))
		fail("client", "an answer that nobody waits for");
	slot->tag = JOB_NO_TAG;
	load.n_answered++;
	if (is_measured(now_ns))
		latency_add(&load.latency, now_ns - slot->asked_ns);
	if (goes_on(now_ns))
		ask(slot, now_ns);
	return GEARMAN_SUCCESS;
}

static gearman_return_t
fail_cb(gearman_task_st *task)
{
	(void)task;
	fail("client", "a job failed");
}

static void
connect_client(const struct plan *plan)
{
	load.client = gearman_client_create(NULL);
	if (load.client == NULL ||
	    gearman_client_add_server(load.client, "127.0.0.1", plan->port) !=
		GEARMAN_SUCCESS)
		fail("client", gearman_client_error(load.client));
	gearman_client_add_options(load.client, GEARMAN_CLIENT_FREE_TASKS);
	gearman_client_set_timeout(load.client, PATIENCE_MS);
	gearman_client_set_complete_fn(load.client, complete_cb);
	gearman_client_set_fail_fn(load.client, fail_cb);
}

static void
run_load(const struct plan *plan)
{
	connect_client(plan);
	load.n_slots = plan->n_in_flight;
	load.slots = calloc(load.n_slots, sizeof(*load.slots));
	if (load.slots == NULL)
		die("calloc");
	load.n_most = plan->n_jobs;
	load.first_ns = clock_monotonic_ns();
	load.begin_ns = load.first_ns + (uint64_t)(plan->warm_up_s * 1e9);
	load.end_ns = load.begin_ns + (uint64_t)(plan->seconds * 1e9);
	for (size_t i = 0; i < load.n_slots && goes_on(load.first_ns); i++)
		ask(&load.slots[i], load.first_ns);
	if (gearman_client_run_tasks(load.client) != GEARMAN_SUCCESS)
		fail("client", gearman_client_error(load.client));
	if (load.n_answered != load.n_asked)
		fail("client", "jobs are not answered");
}

static void
report(const struct plan *plan)
{
	double elapsed_s = (double)(clock_monotonic_ns() - load.first_ns) / 1e9;

	latency_print(&load.latency,
	    plan->n_jobs > 0 ? elapsed_s
			     : (double)(load.end_ns - load.begin_ns) / 1e9,
	    elapsed_s);
	gearman_client_free(load.client);
	free(load.slots);
}

/* --- the program --- */

static void __attribute__((noreturn)) usage(void)
{
	fprintf(stderr,
	    "usage: libgearman work [--workers N] PORT\n"
	    "       libgearman load [--in-flight N] [--seconds S] "
	    "[--warm-up S] [--jobs N] PORT\n");
	exit(2);
}

static struct plan
read_plan(int argc, char *argv[])
{
	static const struct option options[] = {
	    {"workers", required_argument, NULL, 'w'},
	    {"in-flight", required_argument, NULL, 'f'},
	    {"seconds", required_argument, NULL, 's'},
	    {"warm-up", required_argument, NULL, 'u'},
	    {"jobs", required_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0},
	};
	struct plan plan = {
	    .n_workers = 2, .n_in_flight = 1, .seconds = 1, .warm_up_s = 0.2};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'w')
			plan.n_workers = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'f')
			plan.n_in_flight = strtoul(optarg, NULL, 10);
		else if (option == 's')
			plan.seconds = strtod(optarg, NULL);
		else if (option == 'u')
			plan.warm_up_s = strtod(optarg, NULL);
		else if (option == 'j')
			plan.n_jobs = strtoull(optarg, NULL, 10);
		else
			usage();
	}
	if (argc - optind != 2 || plan.n_in_flight == 0)
		usage();
	plan.port = (in_port_t)strtoul(argv[optind + 1], NULL, 10);
	return plan;
}

int
main(int argc, char *argv[])
{
	struct plan plan = read_plan(argc, argv);

	if (strcmp(argv[optind], "work") == 0) {
		crew_start(plan.n_workers, work, &plan);
		printf("ready\n");
		fflush(stdout);
		crew_await_end();
	} else if (strcmp(argv[optind], "load") != 0) {
		usage();
	}
	run_load(&plan);
	report(&plan);
	return EXIT_SUCCESS;
}
