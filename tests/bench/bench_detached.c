/*
 * Detached jobs a second through the whole daemon, from a client's line to the
 * answer behind the commit: with commit_group = 1, where each waits for an
 * fsync of its own, and with the default, where those that came meanwhile share
 * one; and one at a time, where there is nothing to share. The two gilds have
 * their stores side by side on the disk of the working directory, and are
 * measured in turn. It starts the gild that $GILD names (./gild), prints, and
 * does not judge.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "tests/bench/bench.h"
#include "tests/bench/server.h"

#define ROUNDS 9
#define ROUND_NS (NS_PER_S / 2)
#define CLIENTS 8
#define IN_FLIGHT 64 /* of each client */

/* Not to begin within the hour: the counting is not what is measured. */
#define SUBMIT                                                     \
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\"," \
	"\"params\":{\"count\":1,\"start_after_ms\":3600000,"      \
	"\"detach\":true}}\n"

struct arm {
	const char *name;
	const char *group; /* the option */
	char folder[64];
	struct server server;
	struct client clients[CLIENTS];
	double rates[ROUNDS], lone_us[ROUNDS];
};

static struct arm arms[] = {
    {.name = "an fsync each", .group = "commit_group=1"},
    {.name = "shared (default)", .group = "commit_group=1024"},
};

static void
refused(const char *answer)
{
	fprintf(stderr, "refused: %s\n", answer);
	exit(EXIT_FAILURE);
}

static void
arm_start(struct arm *arm)
{
	char state[80];
	const char *const argv[] = {gild_program(), "-l", "127.0.0.1:0", "-o",
	    state, "-o", arm->group, "-o", "max_detached=10000000", "-o",
	    "max_jobs=1000000", NULL};

	strcpy(arm->folder, "bench-detached-XXXXXX");
	if (mkdtemp(arm->folder) == NULL)
		die("mkdtemp");
	snprintf(state, sizeof(state), "state_dir=%s", arm->folder);
	arm->server = server_start(argv, -1);
	for (size_t i = 0; i < CLIENTS; i++)
		client_open(&arm->clients[i], arm->server.port);
	/* What comes before the store is open is answered when it is. */
	client_call(&arm->clients[0], SUBMIT);
	if (strstr(arm->clients[0].line, "\"created\":true") == NULL)
		refused(arm->clients[0].line);
}

static void
arm_stop(struct arm *arm)
{
	char path[100];

	for (size_t i = 0; i < CLIENTS; i++)
		close(arm->clients[i].fd);
	server_stop(&arm->server);
	snprintf(path, sizeof(path), "%s/jobs.db", arm->folder);
	unlink(path);
	if (rmdir(arm->folder) != 0)
		perror(arm->folder);
}

static void
send_jobs(int fd, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (send(fd, SUBMIT, sizeof(SUBMIT) - 1, 0) !=
		    (ssize_t)sizeof(SUBMIT) - 1)
			die("send");
	}
}

/* The answers that have come; each must be an acceptance. */
static size_t
take_answers(int fd)
{
	static char bytes[1 << 16];
	ssize_t got = recv(fd, bytes, sizeof(bytes) - 1, 0);
	size_t n = 0;

	if (got <= 0)
		die("recv");
	bytes[got] = '\0';
	if (strstr(bytes, "\"error\"") != NULL)
		refused(bytes);
	for (ssize_t i = 0; i < got; i++)
		n += bytes[i] == '\n';
	return n;
}

/* Accepted jobs a second, with as many in flight as there may be. */
static double
measure_rate(struct arm *arm)
{
	struct pollfd fds[CLIENTS];
	uint64_t start_ns = clock_monotonic_ns(), now_ns;
	size_t n = 0, n_out = (size_t)CLIENTS * IN_FLIGHT;

	for (size_t i = 0; i < CLIENTS; i++) {
		fds[i] =
		    (struct pollfd){.fd = arm->clients[i].fd, .events = POLLIN};
		send_jobs(fds[i].fd, IN_FLIGHT);
	}
	do {
		now_ns = clock_monotonic_ns();
		if (poll(fds, CLIENTS, -1) < 0)
			die("poll");
		for (size_t i = 0; i < CLIENTS; i++) {
			size_t got =
			    fds[i].revents == 0 ? 0 : take_answers(fds[i].fd);

			n += got;
			if (now_ns - start_ns < ROUND_NS)
				send_jobs(fds[i].fd, got);
			else
				n_out -= got;
		}
	} while (n_out > 0);
	return (double)n * 1e9 / (double)(clock_monotonic_ns() - start_ns);
}

static double
measure_lone(struct arm *arm)
{
	double us[32];

	for (size_t i = 0; i < 32; i++)
		us[i] = client_call(&arm->clients[0], SUBMIT);
	return median(us, 32);
}

int
main(void)
{
	double ratios[ROUNDS];

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < 2; i++)
		arm_start(&arms[i]);
	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < 2; i++) {
			arms[i].rates[round] = measure_rate(&arms[i]);
			arms[i].lone_us[round] = measure_lone(&arms[i]);
		}
		ratios[round] = arms[1].rates[round] / arms[0].rates[round];
	}
	printf(
	    "%d clients with %d submits each in flight, %d rounds in turn\n\n"
	    "  %-18s %12s %22s\n",
	    CLIENTS, IN_FLIGHT, ROUNDS, "detached jobs", "a second",
	    "one at a time, us");
	for (size_t i = 0; i < 2; i++)
		printf("  %-18s %12.0f %22.0f\n", arms[i].name,
		    median(arms[i].rates, ROUNDS),
		    median(arms[i].lone_us, ROUNDS));
	printf("\n  ratio of the rates %.2f (quartiles %.2f .. %.2f)\n",
	    median(ratios, ROUNDS), quantile(ratios, ROUNDS, 0.25),
	    quantile(ratios, ROUNDS, 0.75));
	for (size_t i = 0; i < 2; i++)
		arm_stop(&arms[i]);
	return EXIT_SUCCESS;
}
