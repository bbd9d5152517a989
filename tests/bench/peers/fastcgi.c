/*
 * fastcgi SOCKET: responders behind a web server, each a process that serves
 * all connections that it accepts. The query is a job in its bare form. Says
 * "ready" once it listens; ends when the one that started it does.
 *
 *	--workers N    processes (2)
 *
 * FastCGI in short: records of 8 bytes of header and up to 64 KiB of content. A
 * request is a BEGIN_REQUEST, PARAMS up to an empty one, and STDIN up to an
 * empty one; its answer STDOUT up to an empty one, and an END_REQUEST.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/bench/peers/crew.h"
#include "tests/bench/peers/job.h"
#include "tests/bench/peers/protocol.h"
#include "tests/bench/peers/wire.h"
#include "tests/bench/server.h"

#define HEADER_BYTES 8
#define MAX_CONNECTIONS 4096
#define QUERY "QUERY_STRING"

enum record_type {
	END_REQUEST = 3,
	PARAMS = 4,
	STDIN = 5,
	STDOUT = 6,
};

struct request {
	uint16_t id;
	const char *query;
	size_t query_n;
};

/* --- records --- */

static unsigned
byte(const char *data, size_t at)
{
	return (unsigned char)data[at];
}

/* A name's or a value's length: one byte, or four where the first has bit 7. */
static size_t
take_length(const char *data, size_t *at)
{
	size_t length = byte(data, (*at)++);

	if (length >> 7 != 0) {
		length = (length & 0x7f) << 24 | byte(data, *at) << 16 |
		    byte(data, *at + 1) << 8 | byte(data, *at + 2);
		*at += 3;
	}
	return length;
}

static void
read_params(const char *data, size_t n, struct request *request)
{
	size_t at = 0;

	while (at < n) {
		size_t name_n = take_length(data, &at);
		size_t value_n = take_length(data, &at);

		if (at + name_n + value_n > n)
			protocol_fail("fastcgi", data, n);
		if (name_n == strlen(QUERY) &&
		    memcmp(data + at, QUERY, name_n) == 0) {
			request->query = data + at + name_n;
			request->query_n = value_n;
		}
		at += name_n + value_n;
	}
}

/*
 * A whole request, up to its empty STDIN. Its bytes, or 0 while it is not whole.
 * A server sends our few parameters in one record.
 */
static size_t
take_request(const char *data, size_t length, struct request *request)
{
	size_t at = 0;

	memset(request, 0, sizeof(*request));
	while (length - at >= HEADER_BYTES) {
		const char *head = data + at;
		size_t n = byte(head, 4) << 8 | byte(head, 5);
		size_t end = at + HEADER_BYTES + n + byte(head, 6);

		if (end > length)
			return 0;
		request->id = (uint16_t)(byte(head, 2) << 8 | byte(head, 3));
		if (byte(head, 1) == PARAMS)
			read_params(head + HEADER_BYTES, n, request);
		at = end;
		if (byte(head, 1) == STDIN && n == 0)
			return at;
	}
	return 0;
}

static void
put_record(struct wire *wire, enum record_type type, uint16_t id,
    const void *content, size_t n)
{
	unsigned char head[HEADER_BYTES] = {1, (unsigned char)type,
	    (unsigned char)(id >> 8), (unsigned char)id,
	    (unsigned char)(n >> 8), (unsigned char)n, 0, 0};

	wire_put(wire, head, sizeof(head));
	wire_put(wire, content, n);
}

static void
answer(struct wire *wire, const struct request *request)
{
	static const char end[8];
	char body[JOB_ANSWER_BYTES], content[JOB_ANSWER_BYTES + 128];
	size_t n;

	if (request->query == NULL)
		protocol_fail("fastcgi", "no query", strlen("no query"));
	n = job_work(body, request->query, request->query_n);
	n = (size_t)snprintf(content, sizeof(content),
	    "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%.*s", n,
	    (int)n, body);
	put_record(wire, STDOUT, request->id, content, n);
	put_record(wire, STDOUT, request->id, "", 0);
	put_record(wire, END_REQUEST, request->id, end, sizeof(end));
}

/* --- connections --- */

static struct wire *wires[MAX_CONNECTIONS]; /* by descriptor */

static void
watch(int epoll, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		die("epoll_ctl");
}

static void
accept_one(int epoll, int listener)
{
	struct sockaddr_storage from;
	socklen_t length = sizeof(from);
	int fd = accept4(listener, (void *)&from, &length, SOCK_CLOEXEC);

	if (fd < 0) /* another worker was quicker */
		return;
	if (fd >= MAX_CONNECTIONS) {
		close(fd);
		return;
	}
	wires[fd] = calloc(1, sizeof(*wires[fd]));
	if (wires[fd] == NULL)
		die("calloc");
	wire_adopt(wires[fd], fd);
	watch(epoll, fd, EPOLLIN);
}

static void
serve(int fd)
{
	struct wire *wire = wires[fd];
	struct request request;
	size_t taken;

	if (!wire_fill(wire, true)) {
		if (wire->fd < 0) {
			free(wire);
			wires[fd] = NULL;
		}
		return;
	}
	while ((taken = take_request(wire->in.data + wire->in.begin,
		    wire_unread(wire), &request)) > 0) {
		answer(wire, &request);
		wire->in.begin += taken;
	}
	wire_flush(wire);
}

static void
work(void *arg)
{
	int listener = *(int *)arg;
	struct epoll_event events[64];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0)
		die("epoll_create1");
	watch(epoll, listener, EPOLLIN | EPOLLEXCLUSIVE);
	crew_is_ready();
	for (;;) {
		int n = epoll_wait(epoll, events, 64, -1);

		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				accept_one(epoll, listener);
			else
				serve(events[i].data.fd);
		}
	}
}

static int
listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "a path too long: %s\n", path);
		exit(2);
	}
	strcpy(address.sun_path, path);
	if (fd < 0 || bind(fd, (void *)&address, sizeof(address)) != 0 ||
	    listen(fd, SOMAXCONN) != 0)
		die(path);
	return fd;
}

int
main(int argc, char *argv[])
{
	static const struct option options[] = {
	    {"workers", required_argument, NULL, 'w'},
	    {NULL, 0, NULL, 0},
	};
	unsigned n_workers = 2;
	int option, listener;

	while ((option = getopt_long(argc, argv, "", options, NULL)) == 'w')
		n_workers = (unsigned)strtoul(optarg, NULL, 10);
	if (option != -1 || argc - optind != 1) {
		fprintf(stderr, "usage: fastcgi [--workers N] SOCKET\n");
		return 2;
	}
	listener = listen_at(argv[optind]);
	crew_start(n_workers, work, &listener);
	printf("ready\n");
	fflush(stdout);
	crew_await_end();
}
