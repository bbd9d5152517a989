/*
 * The recorder process: one libevent loop, and a thread that beats its pulse
 * while the loop turns or waits for the disk. Here are its links and its life;
 * what memos do is in recorder_memos.c.
 *
 * Memos of all frontends that have arrived by the time the loop turns share one
 * commit: reading has a higher priority than committing, so the longer the disk
 * takes for one commit, the more share the next.
 *
 * When the inbox ends, gild is stopping or the master is dead. Either way the
 * frontends leave; what they have written still is read to its end.
 */
#include "daemon/recorder.h"

#include <errno.h>
#include <event2/buffer.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/packet.h"
#include "daemon/process.h"
#include "daemon/recorder_private.h"
#include "daemon/title.h"

enum { PRIORITY_READ, PRIORITY_COMMIT, PRIORITIES };

/* Of answers that a frontend has not taken: beyond that it is not heard. */
#define LINK_ROOM ((size_t)4 << 20)
/* For the frontends to leave, once the inbox has ended. */
#define LEAVE_WITHIN_S 5

/* --- the pulse --- */

static void *
pulse_run(void *arg)
{
	struct recorder *recorder = arg;
	uint64_t period_ns = recorder->pulse_ns, last = 0;
	const struct timespec period = {
	    .tv_sec = (time_t)(period_ns / NS_PER_S),
	    .tv_nsec = (long)(period_ns % NS_PER_S),
	};

	struct pollfd end = {.fd = recorder->pulse_end, .events = POLLIN};

	do {
		uint64_t turns = atomic_load(&recorder->turns);

		if (turns != last || atomic_load(&recorder->n_at_disk))
			atomic_fetch_add(&recorder->setup->record->beats, 1);
		last = turns;
	} while (ppoll(&end, 1, &period, NULL) != 1);
	return NULL;
}

static int
recorder_start_pulse(struct recorder *recorder)
{
	recorder->pulse_ns = recorder->limits.beat_every_ns;
	if (recorder->pulse_ns == 0)
		return 0;
	recorder->pulse_end = eventfd(0, EFD_CLOEXEC);
	if (recorder->pulse_end < 0)
		return -1;
	errno =
	    pthread_create(&recorder->pulse_thread, NULL, pulse_run, recorder);
	recorder->has_pulse_thread = errno == 0;
	if (!recorder->has_pulse_thread)
		close(recorder->pulse_end);
	return recorder->has_pulse_thread ? 0 : -1;
}

static void
recorder_stop_pulse(struct recorder *recorder)
{
	if (!recorder->has_pulse_thread)
		return;
	eventfd_write(recorder->pulse_end, 1); /* it cannot be full */
	pthread_join(recorder->pulse_thread, NULL);
	close(recorder->pulse_end);
	recorder->has_pulse_thread = false;
}

/* From one beat to the next the loop turns at least once. */
static int
recorder_set_tick(struct recorder *recorder)
{
	uint64_t beat_us = recorder->limits.beat_every_ns / NS_PER_US;
	struct timeval tick = {.tv_usec = RECORDER_TICK_MS * 1000};

	if (beat_us != 0 && beat_us / 2 < (uint64_t)tick.tv_usec)
		tick.tv_usec = (suseconds_t)(beat_us / 2);
	return event_add(recorder->tick_timer, &tick);
}

static void
recorder_set_limits(
    struct recorder *recorder, const struct recorder_limits *limits)
{
	bool is_other_pulse = limits->beat_every_ns != recorder->pulse_ns;

	recorder->limits = *limits;
	if (!is_other_pulse)
		return;
	/* One that sleeps for long would beat too late the next time. */
	recorder_stop_pulse(recorder);
	if (recorder_start_pulse(recorder) != 0 ||
	    recorder_set_tick(recorder) != 0)
		log_warn("cannot beat the pulse: %s", strerror(errno));
}

/* --- links --- */

void
link_send(
    struct frontend_link *link, const struct memo *memo, const void *behind)
{
	if (memo_write(
		bufferevent_get_output(link->bufferevent), memo, behind) != 0)
		fatal("out of memory");
}

void
link_send_shared(struct frontend_link *link, const struct memo *memo,
    struct evbuffer *behind)
{
	struct evbuffer *output = bufferevent_get_output(link->bufferevent);

	if (evbuffer_add(output, memo, sizeof(*memo)) != 0 ||
	    (memo->size > 0 &&
		evbuffer_add_buffer_reference(output, behind) != 0))
		fatal("out of memory");
}

void
recorder_tell_status(struct recorder *recorder)
{
	const struct memo memo = {
	    .kind = MEMO_STATUS,
	    .size = sizeof(recorder->status),
	};
	struct frontend_link *link;

	recorder->is_status_new = false;
	TAILQ_FOREACH (link, &recorder->links, links)
		link_send(link, &memo, &recorder->status);
}

static void
link_free(struct frontend_link *link)
{
	struct recorder *recorder = link->recorder;

	recorder_lose_link(link);
	TAILQ_REMOVE(&recorder->links, link, links);
	bufferevent_free(link->bufferevent);
	free(link);
	if (recorder->is_leaving && TAILQ_EMPTY(&recorder->links))
		event_base_loopexit(recorder->base, NULL);
}

static bool
link_is_full(const struct frontend_link *link)
{
	return evbuffer_get_length(bufferevent_get_output(link->bufferevent)) >
	    LINK_ROOM;
}

/* False: the link is broken. */
static bool
link_read(struct frontend_link *link)
{
	struct evbuffer *input = bufferevent_get_input(link->bufferevent);
	struct memo memo;
	char *behind;
	int got = 0;

	/* Most questions read the disk. */
	recorder_begin_disk(link->recorder);
	while (!link_is_full(link) &&
	    (got = memo_read(input, &memo, &behind)) > 0) {
		recorder_hear(link, &memo, behind);
		free(behind);
	}
	recorder_end_disk(link->recorder);
	return got >= 0;
}

/*
 * A frontend takes what it is told, whatever it does else; but it may ask for
 * more than it takes in the same time, as a question is short and an answer is
 * long.
 */
static void
read_cb(struct bufferevent *bufferevent, void *arg)
{
	struct frontend_link *link = arg;
	struct recorder *recorder = link->recorder;

	atomic_fetch_add(&recorder->turns, 1);
	if (!link_read(link)) {
		log_warn("a frontend's memo makes no sense: cutting it off");
		link_free(link);
	} else if (link_is_full(link)) {
		bufferevent_disable(bufferevent, EV_READ);
	}
}

/* There is room again. */
static void
write_cb(struct bufferevent *bufferevent, void *arg)
{
	if ((bufferevent_get_enabled(bufferevent) & EV_READ) != 0)
		return;
	bufferevent_enable(bufferevent, EV_READ);
	read_cb(bufferevent, arg);
}

/*
 * A frontend has left. Where that showed when something was written to it, what
 * it had said before is still to be read.
 */
static void
end_cb(struct bufferevent *bufferevent, short what, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(bufferevent);
	struct evbuffer *output = bufferevent_get_output(bufferevent);
	evutil_socket_t fd = bufferevent_getfd(bufferevent);
	bool is_fine;

	(void)what;
	/* Nobody takes what would be answered. The buffer's ends are the socket's;
	 * here they are ours for once. */
	evbuffer_unfreeze(input, 0);
	evbuffer_unfreeze(output, 1);
	do {
		evbuffer_drain(output, evbuffer_get_length(output));
		is_fine = link_read(arg);
	} while (
	    is_fine && (link_is_full(arg) || evbuffer_read(input, fd, -1) > 0));
	link_free(arg);
}

static void
recorder_add_link(struct recorder *recorder, int fd)
{
	struct frontend_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		fatal("out of memory");
	link_init(&link->link);
	link->recorder = recorder;
	evutil_make_socket_nonblocking(fd);
	link->bufferevent =
	    bufferevent_socket_new(recorder->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (link->bufferevent == NULL)
		fatal("out of memory");
	bufferevent_priority_set(link->bufferevent, PRIORITY_READ);
	bufferevent_setcb(link->bufferevent, read_cb, write_cb, end_cb, link);
	bufferevent_setwatermark(link->bufferevent, EV_WRITE, LINK_ROOM / 2, 0);
	bufferevent_enable(link->bufferevent, EV_READ | EV_WRITE);
	TAILQ_INSERT_TAIL(&recorder->links, link, links);
	recorder_tell_status(recorder);
}

/* --- orders --- */

static void
recorder_obey(struct recorder *recorder, const struct recorder_order *order,
    struct packet_fds *fds)
{
	switch (order->kind) {
	case RECORDER_LIMITS:
		recorder_set_limits(recorder, &order->limits);
		break;
	case RECORDER_LINK:
		if (fds->n > 0)
			recorder_add_link(recorder, fds->fds[0]);
		fds->n = 0;
		break;
	case RECORDER_ALL:
		recorder->is_told_all = true;
		recorder_give_jobs(recorder);
		break;
	}
}

static void
recorder_leave(struct recorder *recorder)
{
	static const struct timeval within = {.tv_sec = LEAVE_WITHIN_S};

	process_unfollow();
	recorder->is_leaving = true;
	event_del(recorder->inbox_event);
	event_base_loopexit(
	    recorder->base, TAILQ_EMPTY(&recorder->links) ? NULL : &within);
}

static void
inbox_cb(evutil_socket_t fd, short what, void *arg)
{
	struct recorder *recorder = arg;
	struct recorder_order order;
	struct packet_fds fds;
	int got;

	(void)what;
	while ((got = packet_receive(fd, &order, sizeof(order), &fds)) != 0) {
		if (got > 0)
			recorder_obey(recorder, &order, &fds);
		packet_close_fds(&fds);
	}
	if (packet_has_ended(fd))
		recorder_leave(recorder);
}

/* --- timers --- */

static void
commit_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	recorder_commit(arg);
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct recorder *recorder = arg;

	(void)fd;
	(void)what;
	atomic_fetch_add(&recorder->turns, 1);
	log_settle();
	recorder_tend_store(recorder);
	docket_tick(&recorder->docket, clock_unix_ms());
	recorder_give_jobs(recorder);
	if (recorder->is_status_new)
		recorder_tell_status(recorder);
	title_set("recorder %s, %u unfinished",
	    recorder->status.is_available ? "serving" : "without its store",
	    recorder->docket.n);
}

/* --- begin and end --- */

static int
recorder_open(struct recorder *recorder)
{
	recorder->base = event_base_new();
	if (recorder->base == NULL ||
	    event_base_priority_init(recorder->base, PRIORITIES) != 0 ||
	    docket_init(&recorder->docket) != 0)
		return -1;
	recorder->inbox_event = event_new(recorder->base,
	    recorder->setup->inbox, EV_READ | EV_PERSIST, inbox_cb, recorder);
	recorder->commit_event =
	    event_new(recorder->base, -1, 0, commit_cb, recorder);
	recorder->tick_timer =
	    event_new(recorder->base, -1, EV_PERSIST, tick_cb, recorder);
	if (recorder->inbox_event == NULL || recorder->commit_event == NULL ||
	    recorder->tick_timer == NULL)
		return -1;
	event_priority_set(recorder->inbox_event, PRIORITY_READ);
	event_priority_set(recorder->tick_timer, PRIORITY_READ);
	event_priority_set(recorder->commit_event, PRIORITY_COMMIT);
	if (event_add(recorder->inbox_event, NULL) != 0 ||
	    recorder_set_tick(recorder) != 0)
		return -1;
	return recorder_start_pulse(recorder);
}

static void
recorder_close(struct recorder *recorder)
{
	recorder_commit(recorder);
	while (!TAILQ_EMPTY(&recorder->links))
		link_free(TAILQ_FIRST(&recorder->links));
	recorder_close_store(recorder);
	docket_free(&recorder->docket);
	recorder_stop_pulse(recorder);
	event_free(recorder->inbox_event);
	event_free(recorder->commit_event);
	event_free(recorder->tick_timer);
	event_base_free(recorder->base);
}

int
recorder_main(const struct recorder_setup *setup)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));

	if (recorder == NULL)
		fatal("cannot start: %s", strerror(errno));
	recorder->setup = setup;
	recorder->limits = setup->limits;
	recorder->status.pid = getpid();
	TAILQ_INIT(&recorder->links);
	if (recorder_open(recorder) != 0)
		fatal("cannot start: %s", strerror(errno));
	docket_tick(&recorder->docket, clock_unix_ms());
	recorder_open_store(recorder);
	event_base_dispatch(recorder->base);
	recorder_close(recorder);
	free(recorder);
	return EXIT_SUCCESS;
}
