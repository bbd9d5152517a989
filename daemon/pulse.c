/*
 * Beating. Run by frontends and interpreters in their loops, and by a worker
 * in a signal handler: it touches atomics of the board and nothing else.
 */
#include "daemon/pulse.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>

#include "daemon/clock.h"

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
	};
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
pulse_measure(const struct pulse *pulse)
{
	const struct board *board = &pulse->generation->board;
	uint64_t progress = 0;

	for (uint32_t i = 0; i < pulse->process->n_seats; i++) {
		const struct seat *seat =
		    &board->seats[pulse->process->first_seat + i];
		uint32_t ticket = atomic_load(&seat->ticket);
		const struct slot *slot =
		    ticket == TICKET_NONE ? NULL : board_slot(board, ticket);

		if (slot == NULL || slot_look(slot).state != SLOT_RUNNING)
			continue;
		if (slot->profile == PROFILE_IO)
			return 0;
		/* Never 0, and one more for each turn and each task. */
		progress += 1 + counter_get(&slot->turns) +
		    counter_get(&seat->tasks_done);
	}
	return progress;
}

void
pulse_beat(struct pulse *pulse)
{
	struct process_record *record =
	    &pulse->generation->board.processes[pulse->process->index];
	uint64_t progress = pulse_measure(pulse);

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
