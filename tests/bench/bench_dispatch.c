/*
 * What the dispatcher gets done, measured from outside, for each gild that is
 * named on the command line ($GILD or ./gild, if none is), in turns in one run,
 * so that two builds can be compared on a machine whose speed changes:
 *
 *	saturated: jobs of count 1 in the pool processes, 1,000 of them in
 *	flight over several connections all the time: jobs a second, and what
 *	of the CPUs a job took in frontends and in workers;
 *	one at a time: the round trip of such a job.
 *
 * Client and daemon share all CPUs. It prints, and does not judge.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "tests/bench/bench.h"
#include "tests/bench/server.h"

#define MAX_ARMS 8
#define ROUNDS 7
#define ROUND_NS NS_PER_S
#define WARM_UP_NS (NS_PER_S / 4)
#define FLOWS 8
#define OUTSTANDING 1000
#define CALLS 1000 /* a round, one at a time */

#define SUBMIT                                                     \
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\"," \
	"\"params\":{\"count\":1}}\n"
#define LINE_BYTES (sizeof(SUBMIT) - 1)
#define BLOCK_LINES 256

/* A connection that always has its share in flight. */
struct flow {
	int fd;
	size_t n_due;  /* lines that are to be sent */
	size_t n_sent; /* bytes of the first of these that were */
};

struct arm {
	const char *program;
	struct server server;
	struct client client;
	struct flow flows[FLOWS];
	double per_second[ROUNDS];
	double cpu_us[2][ROUNDS]; /* of kinds[] */
	double us[ROUNDS * CALLS];
};

static const char *const kinds[2] = {"frontend", "worker"};
static char block[BLOCK_LINES * LINE_BYTES];

static void
flow_open(struct flow *flow, in_port_t port)
{
	struct client client;

	client_open(&client, port);
	*flow = (struct flow){.fd = client.fd};
	if (fcntl(flow->fd, F_SETFL, O_NONBLOCK) != 0)
		die("fcntl");
}

/* Sends what is due, as far as the socket takes it. */
static void
flow_send(struct flow *flow)
{
	while (flow->n_due > 0) {
		size_t n =
		    flow->n_due < BLOCK_LINES ? flow->n_due : BLOCK_LINES;
		ssize_t sent = write(flow->fd, block + flow->n_sent,
		    n * LINE_BYTES - flow->n_sent);

		if (sent < 0 && errno == EAGAIN)
			return;
		if (sent < 0)
			die("write");
		flow->n_sent += (size_t)sent;
		flow->n_due -= flow->n_sent / LINE_BYTES;
		flow->n_sent %= LINE_BYTES;
	}
}

/* How many answers have come. */
static size_t
flow_receive(struct flow *flow)
{
	static char bytes[1 << 18];
	ssize_t got = read(flow->fd, bytes, sizeof(bytes));
	size_t n = 0;

	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got <= 0)
		die("read");
	for (const char *at = bytes, *end = bytes + got;
	     (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		n++;
	return n;
}

/* Waits for answers, and sends as many jobs as were answered. How many. */
static size_t
flows_turn(struct flow flows[FLOWS], bool goes_on)
{
	struct pollfd ready[FLOWS];
	size_t n_answered = 0;

	for (size_t i = 0; i < FLOWS; i++)
		ready[i] = (struct pollfd){
		    .fd = flows[i].fd,
		    .events =
			(short)(POLLIN | (flows[i].n_due > 0 ? POLLOUT : 0)),
		};
	if (poll(ready, FLOWS, -1) < 0)
		die("poll");
	for (size_t i = 0; i < FLOWS; i++) {
		size_t n = 0;

		if ((ready[i].revents & ~POLLOUT) != 0)
			n = flow_receive(&flows[i]);
		n_answered += n;
		flows[i].n_due += goes_on ? n : 0;
		flow_send(&flows[i]);
	}
	return n_answered;
}

/* How many were answered in that time. */
static size_t
flows_run(struct flow flows[FLOWS], uint64_t duration_ns)
{
	uint64_t end_ns = clock_monotonic_ns() + duration_ns;
	size_t n = 0;

	while (clock_monotonic_ns() < end_ns)
		n += flows_turn(flows, true);
	return n;
}

static void
measure_saturated(struct arm *arm, size_t round)
{
	size_t n_left = 0;
	uint64_t start_ns, cpu_ns[2];
	double n;

	for (size_t i = 0; i < FLOWS; i++) {
		arm->flows[i].n_due = OUTSTANDING / FLOWS;
		n_left += arm->flows[i].n_due;
		flow_send(&arm->flows[i]);
	}
	flows_run(arm->flows, WARM_UP_NS);
	for (size_t i = 0; i < 2; i++)
		cpu_ns[i] = server_cpu_ns(&arm->server, kinds[i]);
	start_ns = clock_monotonic_ns();
	n = (double)flows_run(arm->flows, ROUND_NS);
	arm->per_second[round] =
	    n * 1e9 / (double)(clock_monotonic_ns() - start_ns);
	for (size_t i = 0; i < 2; i++) {
		cpu_ns[i] = server_cpu_ns(&arm->server, kinds[i]) - cpu_ns[i];
		arm->cpu_us[i][round] = (double)cpu_ns[i] / 1e3 / n;
	}
	while (n_left > 0)
		n_left -= flows_turn(arm->flows, false);
}

static void
measure_calls(struct arm *arm, size_t round)
{
	for (size_t i = 0; i < CALLS; i++)
		arm->us[round * CALLS + i] = client_call(&arm->client, SUBMIT);
}

static void
arm_open(struct arm *arm)
{
	const char *const argv[] = {arm->program, "-l", "127.0.0.1:0", NULL};

	arm->server = server_start(argv, -1);
	client_open(&arm->client, arm->server.port);
	for (size_t i = 0; i < FLOWS; i++)
		flow_open(&arm->flows[i], arm->server.port);
	client_call(&arm->client, SUBMIT);
	if (strstr(arm->client.line, "\"done\"") == NULL) {
		fprintf(stderr, "no result: %s", arm->client.line);
		exit(EXIT_FAILURE);
	}
}

static void
arm_close(struct arm *arm)
{
	close(arm->client.fd);
	for (size_t i = 0; i < FLOWS; i++)
		close(arm->flows[i].fd);
	server_stop(&arm->server);
}

static void
arm_print(struct arm *arm, const struct arm *first, double first_us)
{
	static double first_per_second;
	double per_second = median(arm->per_second, ROUNDS);
	double us = median(arm->us, ROUNDS * CALLS);

	if (arm == first)
		first_per_second = per_second;
	printf("  %-28.28s %9.0f %6.2f %9.2f %9.2f %9.1f %8.1f %6.2f\n",
	    arm->program, per_second, per_second / first_per_second,
	    median(arm->cpu_us[0], ROUNDS), median(arm->cpu_us[1], ROUNDS), us,
	    quantile(arm->us, ROUNDS * CALLS, 0.99), us / first_us);
}

int
main(int argc, char *argv[])
{
	static struct arm arms[MAX_ARMS];
	size_t n_arms = 0;

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < BLOCK_LINES; i++)
		memcpy(block + i * LINE_BYTES, SUBMIT, LINE_BYTES);
	for (int i = 1; i < argc && n_arms < MAX_ARMS; i++)
		arms[n_arms++].program = argv[i];
	if (n_arms == 0)
		arms[n_arms++].program = gild_program();
	for (size_t i = 0; i < n_arms; i++)
		arm_open(&arms[i]);
	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < n_arms; i++)
			measure_saturated(&arms[i], round);
		for (size_t i = 0; i < n_arms; i++)
			measure_calls(&arms[i], round);
	}
	printf("jobs of count 1, processes: %d in flight over %d connections, "
	       "and one at a time; medians of %d rounds\n\n",
	    OUTSTANDING, FLOWS, ROUNDS);
	printf("  %-28s %9s %6s %9s %9s %9s %8s %6s\n", "CPU time in us",
	    "jobs/s", "ratio", "frontend", "worker", "median us", "p99 us",
	    "ratio");
	for (size_t i = 0; i < n_arms; i++)
		arm_print(&arms[i], arms, median(arms[0].us, ROUNDS * CALLS));
	for (size_t i = 0; i < n_arms; i++)
		arm_close(&arms[i]);
	return EXIT_SUCCESS;
}
