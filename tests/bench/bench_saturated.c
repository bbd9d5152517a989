/*
 * How many tiny jobs (count 1, pool processes) a second a gild answers that has
 * always enough of them, and what CPU time its frontends take for each: one
 * client, one connection, a fixed number of jobs outstanding, nothing pinned.
 *
 * The programs that it is called with take turns, round by round, so that two
 * builds can be compared in one run: medians over the rounds, and the medians
 * of the ratios to the same round of the first. Without arguments it is the
 * gild that $GILD names (./gild). It prints and does not judge.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "tests/bench/bench.h"
#include "tests/bench/server.h"

#define ROUNDS 9
#define ROUND_NS NS_PER_S
#define OUTSTANDING 500
#define MAX_PROGRAMS 4
#define MAX_CHILDREN 64

static const char request[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\","
    "\"params\":{\"count\":1}}\n";
#define REQUEST_BYTES (sizeof(request) - 1)
static const char refusal[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\"";

struct arm {
	const char *program;
	struct server server;
	struct client client;
	double jobs[ROUNDS], cpu_ns[ROUNDS], faster[ROUNDS], cheaper[ROUNDS];
};

/* --- CPU time of the frontends --- */

/* The first line of a process's file; false: it has none. */
static bool
read_proc(pid_t pid, const char *name, char *line, size_t size)
{
	char path[64];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	length = fread(line, 1, size - 1, file);
	line[length] = '\0';
	fclose(file);
	return length > 0;
}

static uint64_t
frontends_cpu_ns(const struct server *server)
{
	char path[64], children[1024], *next = children;
	uint64_t sum_ns = 0;

	snprintf(path, sizeof(path), "task/%d/children", (int)server->pid);
	if (!read_proc(server->pid, path, children, sizeof(children)))
		die(path);
	for (;;) {
		char *end, line[256];
		pid_t pid = (pid_t)strtol(next, &end, 10);

		if (end == next)
			return sum_ns;
		next = end;
		if (read_proc(pid, "cmdline", line, sizeof(line)) &&
		    strstr(line, "frontend") != NULL &&
		    read_proc(pid, "schedstat", line, sizeof(line)))
			sum_ns += strtoull(line, NULL, 10);
	}
}

/* --- the load --- */

static void
send_requests(const struct client *client, size_t n)
{
	static char text[OUTSTANDING * REQUEST_BYTES];
	size_t sent = 0;

	if (text[0] == '\0')
		for (size_t i = 0; i < OUTSTANDING; i++)
			memcpy(
			    text + i * REQUEST_BYTES, request, REQUEST_BYTES);
	while (sent < n * REQUEST_BYTES) {
		ssize_t done =
		    write(client->fd, text + sent, n * REQUEST_BYTES - sent);

		if (done <= 0)
			die("write");
		sent += (size_t)done;
	}
}

/* Waits for some. How many lines have ended. */
static size_t
receive_answers(struct client *client)
{
	ssize_t length =
	    read(client->fd, client->line, sizeof(client->line) - 1);
	const char *at = client->line, *end;
	size_t n = 0;

	if (length <= 0)
		die("read");
	end = at + length;
	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		n++;
		at++;
	}
	client->line[length] = '\0';
	if (strncmp(client->line, refusal, sizeof(refusal) - 1) == 0)
		die(client->line);
	return n;
}

static void
run_round(struct arm *arm, size_t round)
{
	uint64_t start_ns = clock_monotonic_ns(), now_ns;
	uint64_t cpu_ns = frontends_cpu_ns(&arm->server);
	size_t n_done = 0, n_out = OUTSTANDING;

	send_requests(&arm->client, OUTSTANDING);
	do {
		size_t n = receive_answers(&arm->client);

		send_requests(&arm->client, n);
		n_done += n;
		now_ns = clock_monotonic_ns();
	} while (now_ns - start_ns < ROUND_NS);
	while (n_out > 0) {
		size_t n = receive_answers(&arm->client);

		n_out -= n;
		n_done += n;
	}
	now_ns = clock_monotonic_ns();
	arm->jobs[round] =
	    (double)n_done * (double)NS_PER_S / (double)(now_ns - start_ns);
	arm->cpu_ns[round] =
	    (double)(frontends_cpu_ns(&arm->server) - cpu_ns) / (double)n_done;
}

int
main(int argc, char **argv)
{
	static struct arm arms[MAX_PROGRAMS];
	size_t n_arms = argc > 1 ? (size_t)argc - 1 : 1;

	if (n_arms > MAX_PROGRAMS) {
		fprintf(stderr, "bench_saturated: at most %d programs\n",
		    MAX_PROGRAMS);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < n_arms; i++) {
		const char *const gild[] = {
		    argc > 1 ? argv[i + 1] : gild_program(), "-l",
		    "127.0.0.1:0", "-o", "frontends=1", NULL};

		arms[i].program = gild[0];
		arms[i].server = server_start(gild, -1);
		client_open(&arms[i].client, arms[i].server.port);
		run_round(&arms[i], 0); /* to warm up */
	}
	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < n_arms; i++) {
			size_t turn = (i + round) % n_arms;

			run_round(&arms[turn], round);
		}
		for (size_t i = 0; i < n_arms; i++) {
			arms[i].faster[round] =
			    arms[i].jobs[round] / arms[0].jobs[round];
			arms[i].cheaper[round] =
			    arms[i].cpu_ns[round] / arms[0].cpu_ns[round];
		}
	}
	for (size_t i = 0; i < n_arms; i++) {
		printf("%-40s %8.0f jobs/s (x %.2f), frontend's CPU %6.0f ns a "
		       "job (x %.2f)\n",
		    arms[i].program, median(arms[i].jobs, ROUNDS),
		    median(arms[i].faster, ROUNDS),
		    median(arms[i].cpu_ns, ROUNDS),
		    median(arms[i].cheaper, ROUNDS));
		server_stop(&arms[i].server);
	}
	return EXIT_SUCCESS;
}
