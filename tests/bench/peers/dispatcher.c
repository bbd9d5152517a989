/*
 * dispatcher: the least that a dispatcher can be. One process with epoll hands
 * jobs to two workers through a pipe that they share, and gets them back through
 * another; a job in a pipe is the number of its slot, which a table in the
 * dispatcher's memory, mapped by all, has the rest of. A line in, a line out, in
 * the bare form: no JSON, no bookkeeping, no bounds but the number of slots. It
 * is what gild is measured against. A client has fewer jobs in flight than there
 * are slots.
 *
 *	--workers N      processes (2)
 *	--spin-us N      how long the dispatcher and a worker look again and again
 *	                 before they sleep: it for answers, a worker for jobs (0)
 *
 * Says "listening on 127.0.0.1:PORT" and "ready", as gild does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "tests/bench/peers/crew.h"
#include "tests/bench/peers/job.h"
#include "tests/bench/peers/protocol.h"
#include "tests/bench/peers/wire.h"
#include "tests/bench/server.h"

#define SLOTS 4096 /* two pipes of 64 KiB hold them all */
#define MAX_CONNECTIONS 1024
#define MAX_CLAIM 32 /* jobs that a worker takes at once */

struct slot {
	int fd; /* whose job it is; the dispatcher's alone */
	uint32_t length;
	char text[64]; /* the request, and then the answer */
};

static struct slot *slots;
static uint32_t spare[SLOTS];
static size_t n_spare;
static uint64_t spin_ns;
static int jobs[2], results[2];

/* --- a worker --- */

/* Looks again and again for a while; then read() sleeps. */
static void
spin_for_jobs(void)
{
	struct pollfd fd = {.fd = jobs[0], .events = POLLIN};
	uint64_t end_ns = clock_monotonic_ns() + spin_ns;

	while (poll(&fd, 1, 0) == 0 && clock_monotonic_ns() < end_ns)
		;
}

static void
work(void *arg)
{
	uint32_t claim[MAX_CLAIM];

	(void)arg;
	crew_is_ready();
	for (;;) {
		ssize_t n;

		if (spin_ns > 0)
			spin_for_jobs();
		n = read(jobs[0], claim, sizeof(claim));
		if (n <= 0)
			die("read");
		for (size_t i = 0; i < (size_t)n / sizeof(*claim); i++) {
			struct slot *slot = &slots[claim[i]];
			char answer[JOB_ANSWER_BYTES];

			slot->length = (uint32_t)job_work(
			    answer, slot->text, slot->length);
			memcpy(slot->text, answer, slot->length);
		}
		if (write(results[1], claim, (size_t)n) != n)
			die("write");
	}
}

/* --- the dispatcher --- */

static struct wire *wires[MAX_CONNECTIONS]; /* by descriptor */

static void
watch(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		die("epoll_ctl");
}

static void
accept_one(int epoll, int listener)
{
	struct sockaddr_storage from;
	socklen_t length = sizeof(from);
	int fd = accept4(listener, (void *)&from, &length, SOCK_CLOEXEC);

	if (fd < 0 || fd >= MAX_CONNECTIONS)
		die("accept");
	wires[fd] = calloc(1, sizeof(*wires[fd]));
	if (wires[fd] == NULL)
		die("calloc");
	wire_adopt(wires[fd], fd);
	watch(epoll, fd);
}

/* All whole lines of a connection become jobs, which go out in one write. */
static void
dispatch(int fd)
{
	static uint32_t batch[SLOTS];
	struct wire *wire = wires[fd];
	size_t n = 0, length;

	if (!wire_fill(wire, true)) {
		if (wire->fd < 0) {
			free(wire);
			wires[fd] = NULL;
		}
		return;
	}
	while (n_spare > 0 &&
	    (length = line_length(
		 wire->in.data + wire->in.begin, wire_unread(wire))) > 0) {
		struct slot *slot = &slots[spare[n_spare - 1]];

		if (length > sizeof(slot->text))
			protocol_fail("dispatcher", "a long line", 11);
		slot->fd = fd;
		slot->length = (uint32_t)length - 1;
		memcpy(slot->text, wire->in.data + wire->in.begin, length - 1);
		wire->in.begin += length;
		batch[n++] = spare[--n_spare];
	}
	length = n * sizeof(*batch);
	if (n > 0 && write(jobs[1], batch, length) != (ssize_t)length)
		die("write");
}

static void
answer_all(void)
{
	static uint32_t batch[SLOTS];
	ssize_t got = read(results[0], batch, sizeof(batch));
	size_t n = got > 0 ? (size_t)got / sizeof(*batch) : 0;

	for (size_t i = 0; i < n; i++) {
		struct slot *slot = &slots[batch[i]];
		struct wire *wire = wires[slot->fd];

		if (wire != NULL) {
			wire_put(wire, slot->text, slot->length);
			wire_put(wire, "\n", 1);
		}
	}
	for (size_t i = 0; i < n; i++) {
		struct wire *wire = wires[slots[batch[i]].fd];

		if (wire != NULL && wire->out.end > wire->out.begin)
			wire_flush(wire);
		spare[n_spare++] = batch[i];
	}
}

/* It spins for answers only: whoever asks has the CPU to itself. */
static int
await(int epoll, struct epoll_event events[], int n)
{
	uint64_t end_ns =
	    spin_ns > 0 && n_spare < SLOTS ? clock_monotonic_ns() + spin_ns : 0;
	int found = 0;

	while (found == 0 && end_ns > 0 && clock_monotonic_ns() < end_ns)
		found = epoll_wait(epoll, events, n, 0);
	return found != 0 ? found : epoll_wait(epoll, events, n, -1);
}

static void __attribute__((noreturn)) dispatch_all(int listener)
{
	struct epoll_event events[64];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0)
		die("epoll_create1");
	watch(epoll, listener);
	watch(epoll, results[0]);
	for (;;) {
		int n = await(epoll, events, 64);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == listener)
				accept_one(epoll, listener);
			else if (fd == results[0])
				answer_all();
			else
				dispatch(fd);
		}
	}
}

/* --- the start --- */

static void
prepare(void)
{
	slots = mmap(NULL, SLOTS * sizeof(*slots), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (slots == MAP_FAILED || pipe(jobs) != 0 || pipe(results) != 0)
		die("shared memory and pipes");
	for (uint32_t i = 0; i < SLOTS; i++)
		spare[n_spare++] = SLOTS - 1 - i;
}

static int
listen_anywhere(void)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (void *)&address, length) != 0 ||
	    listen(fd, SOMAXCONN) != 0 ||
	    getsockname(fd, (void *)&address, &length) != 0)
		die("listen");
	printf("listening on 127.0.0.1:%u\nready\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

int
main(int argc, char *argv[])
{
	static const struct option options[] = {
	    {"workers", required_argument, NULL, 'w'},
	    {"spin-us", required_argument, NULL, 's'},
	    {NULL, 0, NULL, 0},
	};
	unsigned n_workers = 2;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'w')
			n_workers = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 's')
			spin_ns = strtoul(optarg, NULL, 10) * NS_PER_US;
		else
			return 2;
	}
	prepare();
	crew_start(n_workers, work, NULL);
	dispatch_all(listen_anywhere());
}
