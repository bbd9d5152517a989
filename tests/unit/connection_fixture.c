/* A connection and its two sides. One process, one thread: the test's. */
#include "tests/unit/connection_fixture.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct event_base *base;
struct crowd crowd;
struct connection *connection;
int client;
char lines[4096];
unsigned n_served;
bool replies;
enum connection_gift gift;
unsigned n_offers;
char offered[4096];
int taken_fd = -1;

/* --- the handler --- */

/* {"x":"xxx..."}, so that it fills 1 KiB with its LF. */
json_t *
big_message(void)
{
	char text[1024 - sizeof("{\"x\":\"\"}")];

	memset(text, 'x', sizeof(text));
	return json_pack("{s:s#}", "x", text, (int)sizeof(text));
}

static void
note_line(const char *line, size_t len)
{
	size_t at = strlen(lines);

	ck_assert_uint_lt(at + len + 1, sizeof(lines));
	memcpy(lines + at, line, len);
	lines[at + len] = '\n';
}

void
send_big(void)
{
	json_t *message = big_message();

	connection_send(connection, message);
	json_decref(message);
}

static void
on_line(void *arg, const char *line, size_t len)
{
	ck_assert_ptr_eq(arg, lines);
	note_line(line, len);
	if (replies)
		send_big();
}

static void
on_bad_line(void *arg, enum frame_status why)
{
	ck_assert_ptr_eq(arg, lines);
	if (why == FRAME_TOO_LONG)
		note_line("too long", 8);
	else
		note_line("nul", 3);
}

static void
on_served(void *arg)
{
	ck_assert_ptr_eq(arg, lines);
	n_served++;
}

static void
on_gone(void *arg)
{
	ck_assert_ptr_eq(arg, lines);
	ck_assert_ptr_nonnull(connection); /* once */
	connection = NULL;
}

static enum connection_gift
on_give(void *arg, int fd, const struct evbuffer *rest)
{
	size_t size = evbuffer_get_length(rest);

	ck_assert_ptr_eq(arg, lines);
	ck_assert_uint_lt(size, sizeof(offered));
	evbuffer_copyout((struct evbuffer *)(uintptr_t)rest, offered, size);
	offered[size] = '\0';
	n_offers++;
	if (gift == GIFT_TAKEN)
		taken_fd = dup(fd);
	return gift;
}

static void
on_late(void *arg, enum connection_delay why)
{
	ck_assert_ptr_eq(arg, lines);
	if (why == DELAY_LINE)
		note_line("late", 4);
	else
		note_line("idle", 4);
	send_big();
}

static const struct connection_handler handler = {
    .line = on_line,
    .bad_line = on_bad_line,
    .served = on_served,
    .late = on_late,
    .gone = on_gone,
    .give = on_give,
};

/* --- the client, and the loop --- */

void
say(const char *text)
{
	ck_assert_int_eq(
	    write(client, text, strlen(text)), (ssize_t)strlen(text));
}

void
leave(void)
{
	close(client);
	client = -1;
}

void
turn(void)
{
	ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
}

void
await_end(void)
{
	while (connection != NULL)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
}

size_t
read_all(void)
{
	char chunk[512];
	size_t total = 0;
	ssize_t n;

	do {
		turn();
		while ((n = read(client, chunk, sizeof(chunk))) > 0)
			total += (size_t)n;
		turn();
	} while (recv(client, chunk, 1, MSG_PEEK) > 0);
	return total;
}

void
look_after(uint64_t ns)
{
	connection_look(connection, clock_monotonic_ns() + ns);
}

/* --- suites --- */

static void
connect_pair(int type)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends), 0);
	client = ends[1];
	connection = connection_open(&crowd, ends[0], &handler, lines);
	ck_assert_ptr_nonnull(connection);
}

void
reconnect(int type)
{
	connection_close(connection);
	close(client);
	connect_pair(type);
}

void
setup(void)
{
	const struct crowd_limits limits = {
	    .max_line_bytes = MAX_LINE,
	    .max_unsent_bytes = MAX_UNSENT,
	    .max_bytes = MAX_BYTES,
	    .share_bytes = SHARE,
	    .idle_timeout_ns = IDLE_NS,
	    .line_timeout_ns = LINE_NS,
	    .stall_timeout_ns = STALL_NS,
	};
	int small = 1;

	signal(SIGPIPE, SIG_IGN); /* as every process of gild does */
	base = event_base_new();
	ck_assert_int_eq(crowd_open(&crowd, base, &limits), 0);
	connect_pair(SOCK_STREAM);
	ck_assert_int_eq(setsockopt(connection_fd(connection), SOL_SOCKET,
			     SO_SNDBUF, &small, sizeof(small)),
	    0);
}

void
teardown(void)
{
	if (connection != NULL)
		connection_close(connection);
	if (client >= 0)
		close(client);
	if (taken_fd >= 0)
		close(taken_fd);
	crowd_close(&crowd);
	event_base_free(base);
}
