/*
 * What one client's long queue costs another one: client A queues 100,000 jobs
 * of 0.1 ms, then client B submits one each second, ten times. How long B's
 * jobs waited (queue_ns), with fair turns, with one line for all, with a higher
 * priority in both, and with nobody else there.
 *
 * It starts the gild that $GILD names (./gild), with one frontend and one worker,
 * prints, and does not judge.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "tests/bench/bench.h"
#include "tests/bench/server.h"

#define QUEUED 100000
#define SAMPLES 10
#define PERIOD_MS 1000

#define SUBMIT(more)                                               \
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\"," \
	"\"params\":{\"count\":100,\"cost_ns\":1000" more "}}\n"

struct arm {
	const char *name;
	const char *queue;  /* the option */
	const char *submit; /* B's */
	bool is_alone;
};

static const struct arm arms[] = {
    {"nobody else", "queue=fair", SUBMIT(""), true},
    {"fair turns", "queue=fair", SUBMIT(""), false},
    {"fair turns, B's priority 9", "queue=fair", SUBMIT(",\"priority\":9"),
	false},
    {"one line (fifo)", "queue=fifo", SUBMIT(""), false},
    {"one line, B's priority 9", "queue=fifo", SUBMIT(",\"priority\":9"),
	false},
};

/* Lines that came, whatever they say. */
static size_t
read_away(int fd)
{
	static char bytes[1 << 20];
	ssize_t got = read(fd, bytes, sizeof(bytes));
	size_t n = 0;

	if (got <= 0)
		die("read");
	for (ssize_t i = 0; i < got; i++)
		n += bytes[i] == '\n';
	return n;
}

/* Sends A's jobs, reading what is answered meanwhile: how many were. */
static size_t
fill(int fd)
{
	static const char line[] = SUBMIT("");
	static char lines[(sizeof(line) - 1) * 1000];
	size_t len = sizeof(lines), n_answered = 0;

	for (size_t i = 0; i < 1000; i++)
		memcpy(lines + i * (sizeof(line) - 1), line, sizeof(line) - 1);
	for (size_t i = 0; i < QUEUED / 1000; i++) {
		for (size_t sent = 0; sent < len;) {
			struct pollfd ready = {
			    .fd = fd, .events = POLLIN | POLLOUT};
			ssize_t n;

			if (poll(&ready, 1, -1) < 0)
				die("poll");
			if ((ready.revents & POLLIN) != 0)
				n_answered += read_away(fd);
			if ((ready.revents & POLLOUT) == 0)
				continue;
			n = send(fd, lines + sent, len - sent, MSG_DONTWAIT);
			if (n < 0 && errno != EAGAIN)
				die("send");
			sent += n > 0 ? (size_t)n : 0;
		}
	}
	return n_answered;
}

/* Takes the waits out of the whole lines of B's; how many there are then. */
static size_t
take_waits(struct client *b, size_t *used, double ms[SAMPLES], size_t n)
{
	ssize_t got = read(b->fd, b->line + *used, sizeof(b->line) - 1 - *used);
	char *end;

	if (got <= 0)
		die("read");
	*used += (size_t)got;
	b->line[*used] = '\0';
	while ((end = strchr(b->line, '\n')) != NULL && n < SAMPLES) {
		const char *at = b->line;
		int64_t queue_ns;

		*end = '\0';
		queue_ns = find_integer(&at, "queue_ns");
		if (queue_ns < 0) {
			fprintf(stderr, "no result: %s\n", b->line);
			exit(EXIT_FAILURE);
		}
		ms[n++] = (double)queue_ns / 1e6;
		*used -= (size_t)(end + 1 - b->line);
		memmove(b->line, end + 1, *used + 1);
	}
	return n;
}

/* B submits a job each second; all answers are read as they come. */
static void
sample(
    struct client *a, struct client *b, const char *submit, double ms[SAMPLES])
{
	uint64_t start_ns = clock_monotonic_ns();
	size_t n_sent = 0, n_taken = 0, used = 0;

	while (n_taken < SAMPLES) {
		struct pollfd ready[] = {{.fd = b->fd, .events = POLLIN},
		    {.fd = a->fd, .events = POLLIN}};
		uint64_t next_ns = start_ns + n_sent * PERIOD_MS * NS_PER_MS;
		uint64_t now_ns = clock_monotonic_ns();
		int left_ms = -1;

		if (n_sent < SAMPLES && now_ns >= next_ns) {
			if (write(b->fd, submit, strlen(submit)) < 0)
				die("write");
			n_sent++;
			continue;
		}
		if (n_sent < SAMPLES)
			left_ms = (int)((next_ns - now_ns) / NS_PER_MS) + 1;
		if (poll(ready, 2, left_ms) < 0)
			die("poll");
		if (ready[0].revents != 0)
			n_taken = take_waits(b, &used, ms, n_taken);
		if (ready[1].revents != 0)
			read_away(a->fd);
	}
}

static void
measure(const struct arm *arm)
{
	const char *const argv[] = {gild_program(), "-l", "127.0.0.1:0", "-o",
	    "frontends=1", "-o", "pool.processes.size=1", "-o",
	    "max_jobs=200000", "-o", "max_in_flight=200000", "-o",
	    "max_client_bytes=1G", "-o", arm->queue, NULL};
	struct server server = server_start(argv, -1);
	static struct client a, b;
	double ms[SAMPLES];
	size_t n_before = 0;

	client_open(&a, server.port);
	client_open(&b, server.port);
	if (!arm->is_alone)
		n_before = fill(a.fd);
	sample(&a, &b, arm->submit, ms);
	printf("  %-28s %9zu %12.3f %12.3f\n", arm->name,
	    arm->is_alone ? 0 : QUEUED - n_before, median(ms, SAMPLES),
	    quantile(ms, SAMPLES, 1.0));
	fflush(stdout);
	close(a.fd);
	close(b.fd);
	server_stop(&server);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	printf("client A queues %d jobs of 0.1 ms; client B submits one each "
	       "second, %d in all\n\n  %-28s %9s %12s %12s\n",
	    QUEUED, SAMPLES, "how long B's jobs waited", "A's left",
	    "median ms", "longest ms");
	fflush(stdout);
	for (size_t i = 0; i < sizeof(arms) / sizeof(arms[0]); i++)
		measure(&arms[i]);
	return EXIT_SUCCESS;
}
