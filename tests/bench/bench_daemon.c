/*
 * What the daemon adds, measured from outside, each beside its bare like in
 * the same run, in turns:
 *
 *	the round trip of a tiny job (count 1) over loopback, one at a time,
 *	beside that of a line through a bare libevent echo server;
 *	a countdown in a worker process, by its result's cpu_ns, beside a loop
 *	with the same check on each turn.
 *
 * A round trip costs several times as much when client and server sleep on
 * different CPUs, and left alone the kernel does now this, now that, with each
 * server in its own way. So both placements are measured, each for both
 * servers: all on one CPU, and the client on another than the server.
 *
 * It starts the gild that $GILD names (./gild) on a port of its own, prints,
 * and does not judge.
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "tests/bench/bench.h"
#include "tests/bench/server.h"

#define ROUNDS 15
#define CALLS 1000 /* a round */
#define TURNS UINT64_C(1000000000)
#define COUNTS 7

/* --- a bare line echo --- */

static void
echo_read_cb(struct bufferevent *bufferevent, void *arg)
{
	size_t length;
	char *line;

	(void)arg;
	while ((line = evbuffer_readln(bufferevent_get_input(bufferevent),
		    &length, EVBUFFER_EOL_LF)) != NULL) {
		line[length] = '\n';
		bufferevent_write(bufferevent, line, length + 1);
		free(line);
	}
}

static void
echo_event_cb(struct bufferevent *bufferevent, short what, void *arg)
{
	(void)what;
	(void)arg;
	bufferevent_free(bufferevent);
}

static void
echo_accept_cb(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int length, void *arg)
{
	struct bufferevent *bufferevent =
	    bufferevent_socket_new(arg, fd, BEV_OPT_CLOSE_ON_FREE);
	int on = 1;

	(void)listener;
	(void)address;
	(void)length;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	bufferevent_setcb(bufferevent, echo_read_cb, NULL, echo_event_cb, NULL);
	bufferevent_enable(bufferevent, EV_READ | EV_WRITE);
}

/* What `bench_daemon echo` is: says where it listens, as gild does. */
static int
echo_main(void)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	struct event_base *base = event_base_new();
	struct evconnlistener *listener = evconnlistener_new_bind(
	    base, echo_accept_cb, base, 0, 16, (void *)&address, (int)length);

	if (listener == NULL ||
	    getsockname(evconnlistener_get_fd(listener), (void *)&address,
		&length) != 0)
		die("echo");
	printf("listening on 127.0.0.1:%u\nready\n", ntohs(address.sin_port));
	fflush(stdout);
	event_base_dispatch(base);
	return EXIT_SUCCESS;
}

/* --- the measurements --- */

struct arm {
	const char *name;
	struct client *client;
	const char *request;
	double us[ROUNDS * CALLS];
};

#define PING "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\"}\n"
#define JOB(more)                                                  \
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\"," \
	"\"params\":{\"count\":1" more "}}\n"

static void
measure_round_trips(struct client *echo, struct client *gild, const char *where)
{
	static struct arm arms[] = {
	    {.name = "a line, bare libevent echo", .request = JOB("")},
	    {.name = "server.ping", .request = PING},
	    {.name = "job of count 1, processes", .request = JOB("")},
	    {.name = "job of count 1, threads",
		.request = JOB(",\"pool\":\"threads\"")},
	};
	double bare;

	arms[0].client = echo;
	for (size_t i = 1; i < 4; i++)
		arms[i].client = gild;
	for (size_t round = 0; round <= ROUNDS; round++) {
		for (size_t i = 0; i < 4; i++) {
			struct arm *arm = &arms[i];

			for (size_t j = 0; j < CALLS; j++) {
				double us =
				    client_call(arm->client, arm->request);

				/* The first round only warms up. */
				if (round > 0)
					arm->us[(round - 1) * CALLS + j] = us;
			}
		}
	}
	bare = median(arms[0].us, ROUNDS * CALLS);
	printf(
	    "  %-28s %10s %10s %8s\n", where, "median us", "p99 us", "ratio");
	for (size_t i = 0; i < 4; i++)
		printf("  %-28s %10.1f %10.1f %8.2f\n", arms[i].name,
		    median(arms[i].us, ROUNDS * CALLS),
		    quantile(arms[i].us, ROUNDS * CALLS, 0.99),
		    median(arms[i].us, ROUNDS * CALLS) / bare);
}

static double
loop_ps(void)
{
	static _Atomic uint32_t word;
	uint64_t start_ns = clock_thread_cpu_ns();

	if (loop_checked(TURNS, &word) != 0)
		abort();
	return (double)(clock_thread_cpu_ns() - start_ns) * 1e3 / (double)TURNS;
}

static double
worker_ps(struct client *gild)
{
	char request[128];
	const char *found;
	uint64_t cpu_ns = 0;

	snprintf(request, sizeof(request),
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\","
	    "\"params\":{\"count\":%" PRIu64 "}}\n",
	    TURNS);
	client_call(gild, request);
	found = strstr(gild->line, "\"cpu_ns\":");
	if (found == NULL ||
	    sscanf(found, "\"cpu_ns\":%" SCNu64, &cpu_ns) != 1) {
		fprintf(stderr, "no result: %s", gild->line);
		exit(EXIT_FAILURE);
	}
	return (double)cpu_ns * 1e3 / (double)TURNS;
}

static void
measure_countdown(struct client *gild)
{
	double loop[COUNTS], worker[COUNTS], bare, counted;

	for (size_t i = 0; i < COUNTS; i++) {
		loop[i] = loop_ps();
		worker[i] = worker_ps(gild);
	}
	bare = median(loop, COUNTS);
	counted = median(worker, COUNTS);
	printf("\n%" PRIu64 " turns, median of %d, CPU time a turn\n\n", TURNS,
	    COUNTS);
	printf("  %-28s %7.1f ps\n", "hand-written, same check", bare);
	printf("  %-28s %7.1f ps   ratio %.3f\n", "in a worker process",
	    counted, counted / bare);
}

/* Everything that the two servers are asked, with the client on its CPU. */
static void
measure(int client_cpu, int server_cpu)
{
	const char *const echo_argv[] = {"/proc/self/exe", "echo", NULL};
	const char *const gild_argv[] = {
	    gild_program(), "-l", "127.0.0.1:0", NULL};
	bool is_together = client_cpu == server_cpu;
	struct server echo_server = server_start(echo_argv, server_cpu);
	struct server gild_server = server_start(gild_argv, server_cpu);
	struct client echo, gild;

	pin(client_cpu);
	client_open(&echo, echo_server.port);
	client_open(&gild, gild_server.port);
	measure_round_trips(&echo, &gild,
	    is_together ? "all on one CPU" : "client on another CPU");
	if (is_together)
		measure_countdown(&gild);
	close(echo.fd);
	close(gild.fd);
	server_stop(&echo_server);
	server_stop(&gild_server);
}

int
main(int argc, char *argv[])
{
	int first = find_cpu(0), second = find_cpu(1);

	if (argc > 1 && strcmp(argv[1], "echo") == 0)
		return echo_main();
	printf("round trips over loopback, one at a time, %d each\n\n",
	    ROUNDS * CALLS);
	fflush(stdout);
	if (second >= 0) {
		measure(first, second);
		printf("\n");
		fflush(stdout);
	}
	measure(first, first);
	return EXIT_SUCCESS;
}
