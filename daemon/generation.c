/*
 * Opens and closes what the processes of a generation share. The master runs
 * open and close; the small senders at the end are run by any process.
 */
#include "daemon/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static void
fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
generation_init(struct generation *generation)
{
	memset(generation, 0, sizeof(*generation));
	for (size_t i = 0; i < SETTINGS_MAX_POOLS; i++) {
		generation->run[i] = (struct queue){-1, -1};
		generation->bells[i] = -1;
	}
	for (size_t i = 0; i < SETTINGS_MAX_FRONTENDS; i++) {
		generation->ended[i] = (struct queue){-1, -1};
		generation->inbox_in[i] = generation->inbox_out[i] = -1;
	}
	generation->life_in = generation->life_out = -1;
	generation->news_in = generation->news_out = -1;
	generation->desk_in = generation->desk_out = -1;
}

static int
packets_open(int *in, int *out)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		0, ends) != 0)
		return -1;
	*in = ends[0];
	*out = ends[1];
	return 0;
}

static int
pipe_open(int *in, int *out, int flags)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | flags) != 0)
		return -1;
	*in = ends[0];
	*out = ends[1];
	return 0;
}

static int
generation_open_channels(struct generation *generation)
{
	const struct settings *settings = generation->settings;

	for (uint32_t i = 0; i < settings->n_pools; i++) {
		if (queue_open(&generation->run[i], true) != 0)
			return -1;
		if (settings->pools[i].kind != POOL_THREADS)
			continue;
		generation->bells[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (generation->bells[i] < 0)
			return -1;
	}
	for (uint32_t i = 0; i < settings->frontends; i++) {
		if (queue_open(&generation->ended[i], false) != 0 ||
		    packets_open(&generation->inbox_in[i],
			&generation->inbox_out[i]) != 0)
			return -1;
	}
	if (packets_open(&generation->desk_in, &generation->desk_out) != 0)
		return -1;
	if (pipe_open(&generation->life_in, &generation->life_out, 0) != 0)
		return -1;
	return pipe_open(
	    &generation->news_in, &generation->news_out, O_NONBLOCK);
}

int
generation_open(struct generation *generation, const struct settings *settings,
    const struct listeners *listeners)
{
	int saved_errno;

	generation_init(generation);
	generation->settings = settings;
	generation->listeners = listeners;
	generation->master_pid = getpid();
	if (board_open(&generation->board, settings) == 0 &&
	    generation_open_channels(generation) == 0)
		return 0;
	saved_errno = errno;
	generation_close(generation);
	errno = saved_errno;
	return -1;
}

void
generation_close(struct generation *generation)
{
	for (size_t i = 0; i < SETTINGS_MAX_POOLS; i++) {
		queue_close(&generation->run[i]);
		fd_close(&generation->bells[i]);
	}
	for (size_t i = 0; i < SETTINGS_MAX_FRONTENDS; i++) {
		queue_close(&generation->ended[i]);
		fd_close(&generation->inbox_in[i]);
		fd_close(&generation->inbox_out[i]);
	}
	fd_close(&generation->life_in);
	fd_close(&generation->life_out);
	fd_close(&generation->news_in);
	fd_close(&generation->news_out);
	fd_close(&generation->desk_in);
	fd_close(&generation->desk_out);
	board_close(&generation->board);
}

int
generation_tell(const struct generation *generation, uint32_t frontend,
    const struct peer_message *message, const struct packet_fds *fds)
{
	return packet_send(
	    generation->inbox_out[frontend], message, sizeof(*message), fds);
}

int
generation_ask_master(const struct generation *generation,
    const struct master_request *request, const struct packet_fds *fds)
{
	return packet_send(
	    generation->desk_out, request, sizeof(*request), fds);
}

void
generation_ring(const struct generation *generation, uint32_t pool)
{
	uint64_t one = 1;
	ssize_t written;

	if (generation->bells[pool] < 0)
		return;
	/* EAGAIN means that the bell rings already. */
	written = write(generation->bells[pool], &one, sizeof(one));
	(void)written;
}

/* To see what has changed on the board. */
static void
generation_wake_master(const struct generation *generation)
{
	ssize_t written = write(generation->news_out, "", 1);

	(void)written;
}

void
generation_announce(const struct generation *generation, uint32_t process)
{
	atomic_store(
	    &generation->board.processes[process].state, PROCESS_READY);
	generation_wake_master(generation);
}

void
generation_announce_shut(const struct generation *generation, uint32_t frontend)
{
	counter_set(&generation->board.frontends[frontend].is_shut, 1);
	generation_wake_master(generation);
}
