/*
 * Beating. Run by frontends and interpreters in their loops, and by a worker
 * in a signal handler: it touches atomics of the board, and its title, and
 * nothing else.
 */
#include "daemon/pulse.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/time.h>

#include "daemon/clock.h"
#include "daemon/title.h"

/* However short the timeout is: beating must cost nothing. */
#define LEAST_PERIOD_NS (10 * NS_PER_MS)

static struct pulse *alarm_pulse;

void
pulse_init(struct pulse *pulse, const struct generation *generation,
    const struct process *process)
{
	*pulse = (struct pulse){
	    .generation = generation,
	    .process = process,
	    .n_shown = UINT32_MAX,
	};
	process_title(generation, process, pulse->title);
	pulse->title_length = strlen(pulse->title);
}

uint64_t
pulse_period_ns(const struct settings *settings)
{
	uint64_t period_ns = settings->heartbeat_timeout_ns / PULSE_BEATS;

	if (settings->heartbeat_timeout_ns == 0)
		return 0;
	return period_ns < LEAST_PERIOD_NS ? LEAST_PERIOD_NS : period_ns;
}

/*
 * A number that another one follows when its running tasks got ahead; 0 when
 * there is none that has to.
 */
static uint64_t
pulse_measure(const struct pulse *pulse, uint32_t *n_running)
{
	const struct board *board = &pulse->generation->board;
	uint64_t progress = 0;
	bool is_asleep = false;

	*n_running = 0;

	for (uint32_t i = 0; i < pulse->process->n_seats; i++) {
		const struct seat *seat =
		    &board->seats[pulse->process->first_seat + i];
		uint32_t ticket = atomic_load(&seat->running);
		const struct slot *slot =
		    ticket == TICKET_NONE ? NULL : board_slot(board, ticket);

		if (slot == NULL || slot_look(slot).state != SLOT_RUNNING)
			continue;
		++*n_running;
		is_asleep = is_asleep || slot->profile == PROFILE_IO;
		/* Never 0, and one more for each turn and each task. */
		progress += 1 + counter_get(&slot->turns) +
		    counter_get(&seat->tasks_done);
	}
	return is_asleep ? 0 : progress;
}

/* Puts " 12 running" or " idle" behind the title. */
static void
pulse_show(struct pulse *pulse, uint32_t n_running)
{
	char digits[11], *end = pulse->title + pulse->title_length;
	size_t n = sizeof(digits);

	if (n_running == pulse->n_shown)
		return;
	pulse->n_shown = n_running;
	if (n_running == 0) {
		memcpy(end, " idle", sizeof(" idle"));
	} else {
		digits[--n] = '\0';
		for (uint32_t left = n_running; left > 0; left /= 10)
			digits[--n] = (char)('0' + left % 10);
		*end++ = ' ';
		memcpy(end, digits + n, sizeof(digits) - n - 1);
		end += sizeof(digits) - n - 1;
		memcpy(end, " running", sizeof(" running"));
	}
	title_set_text(pulse->title);
}

void
pulse_beat(struct pulse *pulse)
{
	struct process_record *record =
	    &pulse->generation->board.processes[pulse->process->index];
	uint32_t n_running;
	uint64_t progress = pulse_measure(pulse, &n_running);

	if (pulse->process->n_seats > 0)
		pulse_show(pulse, n_running);
	if (progress == 0 || progress != pulse->progress)
		counter_add(&record->beats, 1);
	pulse->progress = progress;
}

static void
on_alarm(int number)
{
	int saved_errno = errno;

	(void)number;
	pulse_beat(alarm_pulse);
	errno = saved_errno;
}

int
pulse_start_alarm(struct pulse *pulse)
{
	uint64_t period_ns = pulse_period_ns(pulse->generation->settings);
	struct timeval period = {
	    .tv_sec = (time_t)(period_ns / NS_PER_S),
	    .tv_usec = (suseconds_t)(period_ns % NS_PER_S / NS_PER_US),
	};
	struct itimerval timer = {.it_interval = period, .it_value = period};
	struct sigaction action = {.sa_handler = on_alarm};

	if (period_ns == 0)
		return 0;
	alarm_pulse = pulse;
	if (sigaction(SIGALRM, &action, NULL) != 0)
		return -1;
	return setitimer(ITIMER_REAL, &timer, NULL);
}
