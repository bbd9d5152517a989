/*
 * What ten thousand idle connections cost: the memory of the frontends for each,
 * the CPU time that they take while nothing happens, and the round trips of a
 * working client among them, beside the same client alone.
 *
 * Processes of this program hold the connections, each as many as it may have
 * descriptors. It starts the gild that $GILD names (./gild), prints, and does
 * not judge.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "tests/bench/bench.h"
#include "tests/bench/server.h"

#define IDLE 10000
#define CALLS 5000
#define QUIET_MS 5000
#define MAX_FRONTENDS 8
#define MAX_HOLDERS 64

#define PING "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\"}\n"
#define JOB                                                        \
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\"," \
	"\"params\":{\"count\":1}}\n"
#define STATS "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.stats\"}\n"

static struct client client;

/* --- the frontends --- */

struct frontends {
	pid_t pids[MAX_FRONTENDS];
	size_t n;
};

static struct frontends
find_frontends(void)
{
	struct frontends found = {.n = 0};
	const char *at = client.line;

	client_call(&client, STATS);
	while ((at = strstr(at, "\"kind\":\"frontend\"")) != NULL &&
	    found.n < MAX_FRONTENDS)
		found.pids[found.n++] = (pid_t)find_integer(&at, "pid");
	return found;
}

static double
count_connections(void)
{
	const char *at = client.line;

	client_call(&client, STATS);
	return (double)find_integer(&at, "open");
}

static double
resident_kib(const struct frontends *frontends)
{
	double sum = 0;

	for (size_t i = 0; i < frontends->n; i++) {
		char path[64], line[256];
		unsigned long kib = 0;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/status",
		    (int)frontends->pids[i]);
		file = fopen(path, "re");
		if (file == NULL)
			die(path);
		while (fgets(line, sizeof(line), file) != NULL &&
		    sscanf(line, "VmRSS: %lu", &kib) != 1)
			;
		fclose(file);
		sum += (double)kib;
	}
	return sum;
}

/* CPU time so far, in ms. */
static double
cpu_ms(const struct frontends *frontends)
{
	double sum = 0;

	for (size_t i = 0; i < frontends->n; i++) {
		char path[64];
		unsigned long long ns = 0;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/schedstat",
		    (int)frontends->pids[i]);
		file = fopen(path, "re");
		if (file == NULL || fscanf(file, "%llu", &ns) != 1)
			die(path);
		fclose(file);
		sum += (double)ns / 1e6;
	}
	return sum;
}

/* --- the idle --- */

/* Connects n times, says so, and holds on until it is killed. */
static void
hold(in_port_t port, size_t n, int told)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = port};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < n; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (fd < 0 ||
		    connect(fd, (void *)&address, sizeof(address)) != 0)
			die("connect");
	}
	if (write(told, "", 1) != 1)
		die("write");
	for (;;)
		pause();
}

/* Starts those who hold the connections: how many there are. */
static size_t
start_holders(
    in_port_t port, size_t n_each, pid_t holders[MAX_HOLDERS], size_t n)
{
	size_t n_holders = 0;
	int ends[2];
	char byte;

	if (pipe(ends) != 0)
		die("pipe");
	for (; n > 0 && n_holders < MAX_HOLDERS; n_holders++) {
		size_t part = n < n_each ? n : n_each;

		holders[n_holders] = fork();
		if (holders[n_holders] == 0)
			hold(port, part, ends[1]);
		if (read(ends[0], &byte, 1) != 1)
			die("read");
		n -= part;
	}
	close(ends[0]);
	close(ends[1]);
	return n_holders;
}

/* --- the measurements --- */

static void
measure_calls(const char *who, const char *what, const char *request)
{
	static double us[CALLS];

	for (size_t i = 0; i < CALLS / 10; i++)
		client_call(&client, request);
	for (size_t i = 0; i < CALLS; i++)
		us[i] = client_call(&client, request);
	printf("  %-18s %-24s %10.1f %10.1f\n", who, what, median(us, CALLS),
	    quantile(us, CALLS, 0.99));
	fflush(stdout);
}

static void
measure_round_trips(const char *who)
{
	measure_calls(who, "server.ping", PING);
	measure_calls(who, "job of count 1", JOB);
}

static double
measure_quiet(const struct frontends *frontends)
{
	double before_ms = cpu_ms(frontends);

	poll(NULL, 0, QUIET_MS);
	return (cpu_ms(frontends) - before_ms) * 1000 / QUIET_MS;
}

int
main(void)
{
	const char *const argv[] = {gild_program(), "-l", "127.0.0.1:0", "-o",
	    "max_connections=20000", NULL};
	struct frontends frontends;
	struct rlimit files;
	pid_t holders[MAX_HOLDERS];
	struct server server;
	double before_kib, after_kib, before_quiet, before_n, n;
	size_t n_holders;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		die("getrlimit");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		die("setrlimit");
	server = server_start(argv, -1);
	client_open(&client, server.port);
	frontends = find_frontends();
	printf(
	    "a client alone, and among %d idle connections; %zu frontends\n\n"
	    "  %-18s %-24s %10s %10s\n",
	    IDLE, frontends.n, "", "round trip", "median us", "p99 us");
	measure_round_trips("alone");
	before_n = count_connections();
	before_quiet = measure_quiet(&frontends);
	before_kib = resident_kib(&frontends);
	n_holders =
	    start_holders(server.port, files.rlim_cur - 64, holders, IDLE);
	while (count_connections() < before_n + IDLE)
		poll(NULL, 0, 10);
	measure_round_trips("among the idle");
	after_kib = resident_kib(&frontends);
	n = count_connections() - before_n;
	printf(
	    "\n  %.0f connections: %.0f bytes of the frontends' memory each\n"
	    "  the frontends' CPU time with nothing to do: %.2f ms a second "
	    "before, %.2f with them\n",
	    n, (after_kib - before_kib) * 1024 / n, before_quiet,
	    measure_quiet(&frontends));
	for (size_t i = 0; i < n_holders; i++) {
		kill(holders[i], SIGKILL);
		waitpid(holders[i], NULL, 0);
	}
	server_stop(&server);
	return EXIT_SUCCESS;
}
