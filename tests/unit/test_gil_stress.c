/*
 * The lock under stress: threads that count, give way, pause and end at random,
 * and somebody who cancels them, wakes them for nothing and changes the
 * parameters, the policy too, all the while. Whatever happened, the sums have
 * to agree to the nanosecond, and the events have to tell a story that the lock
 * can have lived through. The books are plain memory that the lock guards, so
 * that the thread sanitizer, where the suite runs under it, sees who touches
 * them without it.
 *
 * A run is bounded by what it does, not by a clock. GIL_SEED=N repeats the
 * choices of one.
 */
#include "daemon/gil.h"

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/clock.h"
#include "daemon/countdown.h"
#include "daemon/event_ring.h"
#include "tests/unit/suite.h"

#define CANCEL UINT32_C(2)
#define ANY_POLICY GIL_POLICY_COUNT
#define ENDLESS UINT32_MAX

enum {
	TIMEOUT_S = 300,
	REQUESTS = 30, /* to be met with, where the policy makes any */
	MAX_WORKERS = 6,
	TASKS = 60,  /* of a worker, at least */
	TURNS = 100, /* of a task, at most */
	TURN = 3000, /* of the countdown, a turn here */
	LONG_TURN = 300000,
	DISTURBANCES = 200,    /* until the lights go out */
	RING_EVENTS = 1 << 17, /* room for all of a worker's */
	STORY_EVENTS = MAX_WORKERS * RING_EVENTS,
};

struct arena {
	struct gil *gil;
	unsigned policy; /* enum gil_policy, or ANY_POLICY */
	unsigned n_workers;
	uint64_t seed;
	uint32_t tasks; /* of each worker, at least; or ENDLESS */
	struct gil_parameters parameters; /* the lock's */
	struct gil_totals totals;
	_Atomic uint64_t event_number;
	_Atomic unsigned running;
	_Atomic bool is_over;
	_Atomic unsigned requests;    /* met with */
	_Atomic unsigned interrupted; /* waits */

	/* Guarded by the lock. */
	const void *inside;
	unsigned intrusions;
	uint64_t turns;
};

struct worker {
	struct arena *arena;
	struct gil_thread thread;
	struct event_ring *ring;
	_Atomic uint32_t attention;
	pthread_t id;
	uint64_t random;
	uint32_t tasks; /* so far */

	uint64_t turns;
	uint64_t stale_requests;
	uint64_t wrong_blame;
	struct lock_record sums; /* over all of its tasks */
};

static uint64_t
random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t
random_below(uint64_t *state, uint64_t bound)
{
	return random_next(state) % bound;
}

/* --- the workers --- */

static void
worker_enter(struct worker *worker)
{
	worker->arena->intrusions += worker->arena->inside != NULL;
	worker->arena->inside = worker;
}

static void
worker_leave(struct worker *worker)
{
	worker->arena->intrusions += worker->arena->inside != worker;
	worker->arena->inside = NULL;
}

/* Both: whether the worker holds the lock again. */
static bool
worker_yield(struct worker *worker)
{
	worker_leave(worker);
	if (gil_yield(&worker->thread) != GIL_TAKEN)
		return false;
	worker_enter(worker);
	return true;
}

static bool
worker_pause(struct worker *worker)
{
	bool is_io = random_below(&worker->random, 2) == 0;

	worker_leave(worker);
	gil_pause(
	    &worker->thread, is_io ? LOCK_RELEASE_IO : LOCK_RELEASE_NATIVE);
	for (uint64_t i = random_below(&worker->random, 4); i > 0; i--)
		sched_yield();
	if (gil_resume(&worker->thread) != GIL_TAKEN)
		return false;
	worker_enter(worker);
	return true;
}

/* One turn and its safepoint, with the lock. Whether it still has it. */
static bool
worker_count(struct worker *worker, uint64_t *since_tick)
{
	/* It hears nothing before its safepoint: there is time for more. */
	static const _Atomic uint32_t undisturbed = 0;
	bool is_asked;

	countdown(random_below(&worker->random, 8) == 0 ? LONG_TURN : TURN, 0,
	    &undisturbed);
	worker->arena->turns++;
	worker->turns++;
	is_asked = (atomic_load(&worker->attention) & GIL_DROP) != 0;
	if (is_asked)
		atomic_fetch_add(&worker->arena->requests, 1);
	if (is_asked || ++*since_tick >= gil_turns_to_tick(&worker->thread)) {
		*since_tick = 0;
		if (!worker_yield(worker))
			return false;
	}
	return random_below(&worker->random, 32) != 0 || worker_pause(worker);
}

static void
worker_run_task(struct worker *worker, uint32_t number)
{
	const struct gil_task task = {
	    .attention = &worker->attention,
	    .interrupts = CANCEL,
	    .label = {{1, worker->thread.config.number}, number},
	};
	uint64_t since_tick = 0;
	bool is_cancelled = false;

	if (gil_acquire(&worker->thread, &task) != GIL_TAKEN) {
		atomic_fetch_add(&worker->arena->interrupted, 1);
		return;
	}
	worker_enter(worker);
	for (uint64_t left = random_below(&worker->random, TURNS);
	     left > 0 && !is_cancelled; left--) {
		if (!worker_count(worker, &since_tick)) {
			atomic_fetch_add(&worker->arena->interrupted, 1);
			return;
		}
		is_cancelled = (atomic_load(&worker->attention) & CANCEL) != 0;
	}
	worker_leave(worker);
	gil_release(&worker->thread,
	    is_cancelled ? LOCK_RELEASE_CANCELLED : LOCK_RELEASE_FINAL);
}

/* Nobody is charged with more than was waited. */
static bool
blame_is_wrong(const struct gil_thread *thread)
{
	uint64_t sum_ns = thread->blame.others_ns;

	for (uint32_t i = 0; i < thread->blame.n_blockers; i++)
		sum_ns += thread->blame.blockers[i].wait_ns;
	return sum_ns > thread->record.wait_ns;
}

/* Nobody has met with what there is to be met with. */
static bool
arena_is_calm(const struct arena *arena)
{
	return atomic_load(&arena->interrupted) == 0 ||
	    atomic_load(&arena->totals.handovers) == 0;
}

static bool
worker_has_had_enough(const struct worker *worker)
{
	const struct arena *arena = worker->arena;
	bool has_requests =
	    arena->policy != GIL_HOLD && arena->policy != GIL_TICKS;

	return atomic_load(&arena->is_over) ||
	    event_ring_end(worker->ring) > RING_EVENTS / 2 ||
	    (worker->tasks >= arena->tasks && !arena_is_calm(arena) &&
		(!has_requests || atomic_load(&arena->requests) >= REQUESTS));
}

static void *
worker_main(void *arg)
{
	struct worker *worker = arg;
	struct arena *arena = worker->arena;

	while (!worker_has_had_enough(worker)) {
		worker_run_task(worker, worker->tasks++);
		worker->stale_requests +=
		    (atomic_load(&worker->attention) & GIL_DROP) != 0;
		worker->wrong_blame += blame_is_wrong(&worker->thread);
		lock_record_add(&worker->sums, &worker->thread.record);
		atomic_fetch_and(&worker->attention, ~CANCEL);
	}
	atomic_fetch_sub(&arena->running, 1);
	return NULL;
}

/* --- who disturbs them --- */

static struct gil_parameters
parameters_any(const struct arena *arena, uint64_t *random)
{
	struct gil_parameters parameters;

	gil_parameters_init(&parameters);
	parameters.policy = arena->policy == ANY_POLICY
	    ? (enum gil_policy)random_below(random, GIL_POLICY_COUNT)
	    : (enum gil_policy)arena->policy;
	parameters.force = random_below(random, 4) != 0;
	parameters.has_events = true;
	parameters.interval_ns = 1 + random_below(random, 60 * NS_PER_US);
	parameters.check_interval = 1 + random_below(random, TURNS / 2);
	parameters.quantum_ns = 1 + random_below(random, 60 * NS_PER_US);
	parameters.timer_ns =
	    random_below(random, 2) * random_below(random, 60 * NS_PER_US);
	return parameters;
}

static void
arena_disturb(struct arena *arena, struct worker *workers, uint64_t *random)
{
	struct worker *worker =
	    &workers[random_below(random, arena->n_workers)];
	struct timespec pause = {
	    .tv_nsec = (long)random_below(random, 200 * NS_PER_US)};

	switch (random_below(random, 8)) {
	case 0:
	case 1:
	case 2:
		arena->parameters = parameters_any(arena, random);
		gil_set_parameters(arena->gil, &arena->parameters);
		break;
	case 3:
		gil_set_parameters(arena->gil, &arena->parameters);
		break;
	case 4: /* unheard until the thread looks by itself */
		atomic_fetch_or(&worker->attention, CANCEL);
		break;
	default:
		atomic_fetch_or(&worker->attention, CANCEL);
		gil_set_parameters(arena->gil, &arena->parameters);
		break;
	}
	nanosleep(&pause, NULL);
}

static void
arena_shut_down(struct arena *arena, struct worker *workers)
{
	atomic_store(&arena->is_over, true);
	for (unsigned i = 0; i < arena->n_workers; i++)
		atomic_fetch_or(&workers[i].attention, CANCEL);
	gil_set_parameters(arena->gil, &arena->parameters);
}

/* --- a run --- */

static void
arena_prepare(struct arena *arena, struct worker *workers)
{
	uint64_t random = arena->seed;
	struct gil_config config = {
	    .parameters = arena->parameters = parameters_any(arena, &random),
	    .totals = &arena->totals,
	    .event_number = &arena->event_number,
	};

	arena->gil = gil_new(&config);
	ck_assert_ptr_nonnull(arena->gil);
	atomic_init(&arena->running, arena->n_workers);
	for (uint16_t i = 0; i < arena->n_workers; i++) {
		struct gil_thread_config thread = {.number = i};

		workers[i] = (struct worker){
		    .arena = arena,
		    .ring = calloc(1, event_ring_bytes(RING_EVENTS)),
		    .random = arena->seed + i + 1,
		};
		ck_assert_ptr_nonnull(workers[i].ring);
		event_ring_init(workers[i].ring, RING_EVENTS);
		thread.ring = workers[i].ring;
		ck_assert_int_eq(
		    gil_join(arena->gil, &workers[i].thread, &thread), 0);
	}
}

/* Without an end to the tasks: until the lights go out. */
static void
arena_run(struct arena *arena, struct worker *workers)
{
	uint64_t random = arena->seed + arena->n_workers + 1;

	arena_prepare(arena, workers);
	for (unsigned i = 0; i < arena->n_workers; i++)
		ck_assert_int_eq(pthread_create(&workers[i].id, NULL,
				     worker_main, &workers[i]),
		    0);
	for (unsigned i = 0; atomic_load(&arena->running) > 0 &&
	     (arena->tasks != ENDLESS || i < DISTURBANCES ||
		 arena_is_calm(arena));
	     i++)
		arena_disturb(arena, workers, &random);
	if (arena->tasks == ENDLESS)
		arena_shut_down(arena, workers);
	for (unsigned i = 0; i < arena->n_workers; i++)
		ck_assert_int_eq(pthread_join(workers[i].id, NULL), 0);
	for (unsigned i = 0; i < arena->n_workers; i++)
		gil_leave(&workers[i].thread);
}

/* --- what the records say --- */

static struct lock_record
arena_judge_records(const struct arena *arena, const struct worker *workers)
{
	struct gil_state state = gil_inspect(arena->gil);
	struct lock_record sums = {0};
	uint64_t turns = 0;

	for (unsigned i = 0; i < arena->n_workers; i++) {
		const struct lock_record *record = &workers[i].sums;

		ck_assert_uint_eq(workers[i].stale_requests, 0);
		ck_assert_uint_eq(workers[i].wrong_blame, 0);
		ck_assert_uint_eq(record->drop_requests,
		    record->honoured + record->superseded + record->missed);
		ck_assert_uint_le(record->battles_lost, record->battles);
		ck_assert_uint_le(record->longest_hold_ns, record->held_ns);
		ck_assert_uint_le(record->longest_wait_ns, record->wait_ns);
		turns += workers[i].turns;
		lock_record_add(&sums, record);
	}
	ck_assert_uint_eq(arena->intrusions, 0);
	ck_assert_ptr_null(arena->inside);
	ck_assert_uint_eq(arena->turns, turns);
	ck_assert_uint_eq(
	    sums.requests_sent, sums.drop_requests + sums.withdrawn);
	ck_assert_uint_eq(sums.switches, state.switch_number);
	ck_assert_uint_eq(sums.switches, arena->totals.switches);
	ck_assert_uint_eq(state.handover_number, arena->totals.handovers);
	ck_assert_uint_eq(sums.held_ns, arena->totals.held_ns);
	ck_assert(!state.is_locked);
	ck_assert_uint_eq(state.waiters, 0);
	return sums;
}

/* --- what the events say --- */

struct story {
	struct lock_event *events; /* by their numbers */
	uint64_t n;
};

/* All events of all threads, each exactly once, and none is missing. */
static struct story
story_read(const struct arena *arena, const struct worker *workers)
{
	struct story story = {.n = atomic_load(&arena->event_number)};
	uint64_t read = 0;

	ck_assert_uint_le(story.n, STORY_EVENTS);
	story.events = calloc(STORY_EVENTS, sizeof(*story.events));
	ck_assert_ptr_nonnull(story.events);
	for (unsigned i = 0; i < arena->n_workers; i++) {
		struct lock_event event;
		uint64_t cursor = 0;
		uint64_t last = 0;

		ck_assert_uint_lt(event_ring_end(workers[i].ring), RING_EVENTS);
		while (
		    event_ring_read(workers[i].ring, &cursor, &event, 1) == 1) {
			ck_assert_uint_lt(event.number, story.n);
			ck_assert(cursor == 1 || event.number > last);
			ck_assert_uint_eq(event.thread, i);
			last = event.number;
			story.events[event.number] = event;
			read++;
		}
	}
	ck_assert_uint_eq(read, story.n);
	for (uint64_t i = 0; i < story.n; i++)
		ck_assert_uint_eq(story.events[i].number, i);
	return story;
}

/* The lock, as its events tell it. */
struct telling {
	uint16_t holder;
	uint16_t last;
	bool is_asked;
	uint16_t queue[MAX_WORKERS]; /* who waits, in the order of asking */
	unsigned queued;
	uint64_t started_ns[MAX_WORKERS];
	uint64_t task_ns[MAX_WORKERS]; /* from their starts to their ends */
	uint64_t counts[LOCK_EVENT_KINDS];
	uint64_t lost_battles;
	uint64_t overtakings; /* not the head took it */
};

/* Returns the place in the queue. */
static unsigned
telling_unqueue(struct telling *telling, uint16_t thread)
{
	unsigned place = 0;

	while (place < telling->queued && telling->queue[place] != thread)
		place++;
	ck_assert_uint_lt(place, telling->queued);
	for (unsigned i = place; i + 1 < telling->queued; i++)
		telling->queue[i] = telling->queue[i + 1];
	telling->queued--;
	return place;
}

static bool
telling_is_queued(const struct telling *telling, uint16_t thread)
{
	for (unsigned i = 0; i < telling->queued; i++) {
		if (telling->queue[i] == thread)
			return true;
	}
	return false;
}

static void
telling_hear(struct telling *telling, const struct lock_event *event)
{
	uint16_t thread = event->thread;

	telling->counts[event->kind]++;
	switch (event->kind) {
	case LOCK_TASK_START:
		telling->started_ns[thread] = event->time_ns;
		break;
	case LOCK_TASK_END:
		ck_assert_uint_ne(telling->holder, thread);
		if (telling_is_queued(telling, thread))
			telling_unqueue(telling, thread);
		telling->task_ns[thread] +=
		    event->time_ns - telling->started_ns[thread];
		break;
	case LOCK_REQUEST:
		ck_assert(!telling_is_queued(telling, thread));
		telling->queue[telling->queued++] = thread;
		break;
	case LOCK_DROP_REQUEST:
		ck_assert_uint_eq(event->other, telling->holder);
		ck_assert(!telling->is_asked);
		ck_assert(telling_is_queued(telling, thread));
		telling->is_asked = true;
		break;
	case LOCK_WITHDRAW:
		ck_assert_uint_eq(thread, telling->holder);
		ck_assert(telling->is_asked);
		telling->is_asked = false;
		break;
	case LOCK_ACQUIRE:
		ck_assert_uint_eq(telling->holder, LOCK_NO_THREAD);
		ck_assert_uint_eq(event->other, telling->last);
		telling->overtakings += telling_unqueue(telling, thread) != 0;
		telling->lost_battles += event->detail;
		telling->holder = thread;
		telling->last = thread;
		break;
	case LOCK_RELEASE:
		ck_assert_uint_eq(telling->holder, thread);
		ck_assert(event->detail != LOCK_RELEASE_REQUESTED ||
		    telling->is_asked);
		/* Or it would have been withdrawn. */
		ck_assert(!telling->is_asked || telling->queued > 0);
		telling->holder = LOCK_NO_THREAD;
		telling->is_asked = false;
		break;
	default:
		ck_assert_uint_ne(telling->holder, thread);
		break;
	}
}

static void
arena_judge_events(const struct arena *arena, const struct worker *workers,
    const struct lock_record *sums)
{
	struct story story = story_read(arena, workers);
	struct telling telling = {
	    .holder = LOCK_NO_THREAD,
	    .last = LOCK_NO_THREAD,
	};

	for (uint64_t i = 0; i < story.n; i++)
		telling_hear(&telling, &story.events[i]);
	ck_assert_uint_eq(telling.holder, LOCK_NO_THREAD);
	ck_assert_uint_eq(telling.queued, 0);
	ck_assert_uint_eq(telling.counts[LOCK_ACQUIRE], sums->acquisitions);
	ck_assert_uint_eq(
	    telling.counts[LOCK_DROP_REQUEST], sums->requests_sent);
	ck_assert_uint_eq(telling.counts[LOCK_WITHDRAW], sums->withdrawn);
	ck_assert_uint_eq(telling.counts[LOCK_IO_END], sums->io_operations);
	ck_assert_uint_eq(telling.lost_battles, sums->battles_lost);
	for (unsigned i = 0; i < arena->n_workers; i++) {
		const struct lock_record *record = &workers[i].sums;

		ck_assert_uint_eq(telling.task_ns[i],
		    record->held_ns + record->wait_ns + record->switch_wait_ns +
			record->native_ns + record->io_ns);
	}
	if (arena->policy == GIL_FAIR)
		ck_assert_uint_eq(telling.overtakings, 0);
	free(story.events);
}

static void
arena_judge(struct arena *arena, struct worker *workers)
{
	struct lock_record sums = arena_judge_records(arena, workers);

	arena_judge_events(arena, workers, &sums);
	for (unsigned i = 0; i < arena->n_workers; i++)
		free(workers[i].ring);
	/* It was a stress. */
	ck_assert(!arena_is_calm(arena));
	ck_assert_uint_gt(arena->turns, 0);
	if (arena->policy == GIL_HOLD || arena->policy == GIL_TICKS)
		ck_assert_uint_eq(sums.requests_sent, 0);
	else if (arena->tasks != ENDLESS)
		ck_assert_uint_ge(sums.requests_sent, REQUESTS);
	gil_free(arena->gil);
}

static void
stress(unsigned policy, unsigned n_workers, uint32_t tasks)
{
	const char *given = getenv("GIL_SEED");
	struct arena arena = {
	    .policy = policy,
	    .n_workers = n_workers,
	    .tasks = tasks,
	    .seed = given != NULL ? strtoull(given, NULL, 10)
				  : clock_monotonic_ns(),
	};
	struct worker workers[MAX_WORKERS];

	printf("%s, %u threads: GIL_SEED=%llu\n",
	    policy == ANY_POLICY ? "any policy"
				 : gil_policy_name((enum gil_policy)policy),
	    n_workers, (unsigned long long)arena.seed);
	fflush(stdout);
	arena_run(&arena, workers);
	arena_judge(&arena, workers);
}

/* Of each policy, and of all in turn. */
START_TEST(two_come_to_an_end)
{
	stress((unsigned)_i, 2, TASKS);
}
END_TEST

START_TEST(many_come_to_an_end)
{
	stress((unsigned)_i, MAX_WORKERS, TASKS);
}
END_TEST

START_TEST(a_shutdown_ends_two)
{
	stress((unsigned)_i, 2, ENDLESS);
}
END_TEST

START_TEST(a_shutdown_ends_many)
{
	stress((unsigned)_i, MAX_WORKERS, ENDLESS);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gil_stress");
	TCase *arenas = tcase_create("arenas");
	int policies = ANY_POLICY + 1;

	tcase_set_timeout(arenas, TIMEOUT_S);
	tcase_add_loop_test(arenas, two_come_to_an_end, 0, policies);
	tcase_add_loop_test(arenas, many_come_to_an_end, 0, policies);
	tcase_add_loop_test(arenas, a_shutdown_ends_two, 0, policies);
	tcase_add_loop_test(arenas, a_shutdown_ends_many, 0, policies);
	suite_add_tcase(suite, arenas);
	return suite_main(suite);
}
