/*
 * Owns: what the events of a lock say about it: of the lock that the threads
 * share, and of each task's account. The grammar of a thread's events is
 * grammar.c; check_result.c compares the accounts with results.
 *
 * A breach is told once and the state that the event implies is taken over, so
 * that one mistake does not drown the next.
 */
#include "tests/trace/check_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- breaches --- */

void
check_complain(struct check *check, const char *format, ...)
{
	const struct lock_event *event = check->event;
	char *text;
	int used = 0;
	va_list args;

	if (check->figures.breaches >= CHECK_MAX_BREACHES) {
		check->figures.breaches++;
		return;
	}
	text = check->breaches[check->figures.breaches++];
	if (event != NULL)
		used = snprintf(text, BREACH_CHARS + 1,
		    "event %" PRIu64 ", thread %u, %s: ", event->number,
		    event->thread, lock_event_kind_name(event->kind));
	va_start(args, format);
	vsnprintf(text + used, (size_t)(BREACH_CHARS + 1 - used), format, args);
	va_end(args);
}

const char *
check_breach(const struct check *check, size_t i)
{
	if (i >= CHECK_MAX_BREACHES || i >= check->figures.breaches)
		return NULL;
	return check->breaches[i];
}

/* --- memory --- */

/* With n elements of a size, those behind *had of them zeros. */
static void *
grow(void *array, size_t *had, size_t n, size_t size)
{
	if (n <= *had)
		return array;
	array = realloc(array, n * size);
	if (array == NULL)
		abort();
	memset((char *)array + *had * size, 0, (n - *had) * size);
	*had = n;
	return array;
}

struct check *
check_new(const struct check_rules *rules)
{
	struct check *check = calloc(1, sizeof(*check));

	if (check == NULL)
		abort();
	check->rules = *rules;
	return check;
}

void
check_free(struct check *check)
{
	if (check == NULL)
		return;
	free(check->lanes);
	free(check->domains);
	free(check->tasks);
	free(check);
}

struct check_figures
check_figures(const struct check *check)
{
	return check->figures;
}

/* What was not heard of in a stream that is whole was idle. */
static void
reach(struct check *check, const struct lock_event *event)
{
	size_t n_lanes = check->n_lanes, n_domains = check->n_domains;

	check->lanes = grow(check->lanes, &check->n_lanes, event->thread + 1U,
	    sizeof(*check->lanes));
	for (size_t i = n_lanes; i < check->n_lanes; i++)
		check->lanes[i].phase =
		    check->is_certain ? PHASE_IDLE : PHASE_UNKNOWN;
	check->domains = grow(check->domains, &check->n_domains,
	    event->domain + 1U, sizeof(*check->domains));
	for (size_t i = n_domains; i < check->n_domains; i++)
		check->domains[i] = (struct domain){
		    .is_known = check->is_certain,
		    .holder = LOCK_NO_THREAD,
		    .previous = LOCK_NO_THREAD,
		    .newcomer = LOCK_NO_THREAD,
		    .leaver = LOCK_NO_THREAD,
		};
}

static void
forget(struct check *check)
{
	check->is_certain = false;
	for (size_t i = 0; i < check->n_lanes; i++) {
		check->lanes[i].phase = PHASE_UNKNOWN;
		check->lanes[i].is_waiter = false;
		check->lanes[i].has_task = false;
	}
	for (size_t i = 0; i < check->n_domains; i++) {
		check->domains[i].is_known = false;
		check->domains[i].newcomer = LOCK_NO_THREAD;
		check->domains[i].leaver = LOCK_NO_THREAD;
	}
}

/* --- accounts --- */

static void
span_add(uint64_t span_ns, uint64_t *total_ns, uint64_t *longest_ns)
{
	*total_ns += span_ns;
	if (span_ns > *longest_ns)
		*longest_ns = span_ns;
}

/* The waiter waited for the holder's tenure, up to now. */
static void
blame(struct lane *waiter, const struct lane *holder, uint64_t now_ns)
{
	uint64_t from_ns = holder->tenure_start_ns > waiter->asked_ns
	    ? holder->tenure_start_ns
	    : waiter->asked_ns;

	if (from_ns < now_ns)
		lock_blame_add(
		    &waiter->task.blame, holder->task.label, now_ns - from_ns);
}

static void
task_begin(struct lane *lane, const struct lock_event *event)
{
	lane->has_task = true;
	lane->start_ns = event->time_ns;
	lane->task = (struct task_account){.label = event->label};
	lane->is_in_battle = false;
	lane->has_obeyed = false;
}

static void
task_finish(
    struct check *check, struct lane *lane, const struct lock_event *event)
{
	struct task_account *task = &lane->task;
	const struct lock_record *record = &task->record;
	uint64_t states_ns;

	if (!lane->has_task)
		return;
	lane->has_task = false;
	task->ns = event->time_ns - lane->start_ns;
	task->is_certain = check->is_certain;
	states_ns = record->held_ns + record->wait_ns + record->switch_wait_ns +
	    record->native_ns + record->io_ns;
	if (states_ns != task->ns)
		check_complain(check,
		    "its states take %" PRIu64 " ns of the task's %" PRIu64,
		    states_ns, task->ns);
	check->tasks = grow(check->tasks, &check->n_tasks, check->n_tasks + 1,
	    sizeof(*check->tasks));
	check->tasks[check->n_tasks - 1] = *task;
	check->figures.tasks++;
}

/* --- the lock: who waits --- */

static unsigned
count_waiters(const struct check *check, uint16_t domain)
{
	unsigned n = 0;

	for (size_t i = 0; i < check->n_lanes; i++)
		n += check->lanes[i].is_waiter &&
		    check->lanes[i].domain == domain;
	return n;
}

static void
take_request(
    struct check *check, struct lane *lane, const struct lock_event *event)
{
	struct domain *domain = &check->domains[event->domain];

	lane->asked_ns = event->time_ns;
	lane->asked_number = event->number;
	lane->overtaken = 0;
	lane->releases = 0;
	lane->is_waiter = true;
	if (domain->is_known && domain->holder == LOCK_NO_THREAD &&
	    (!check->rules.is_fair ||
		count_waiters(check, event->domain) == 1)) {
		lane->is_waiter = false;
		domain->newcomer = event->thread;
	}
}

static void
take_wake(struct check *check, const struct lane *lane,
    const struct lock_event *event)
{
	if (lane->phase == PHASE_UNKNOWN)
		return;
	if (!lane->is_waiter)
		check_complain(check, "it slept, though the lock was free");
	if (event->detail == LOCK_WAKE_SIGNAL && lane->releases == 0 &&
	    check->domains[event->domain].is_known)
		check_complain(check, "a release woke it, but there was none");
}

static void
take_drop_request(
    struct check *check, struct lane *lane, const struct lock_event *event)
{
	struct domain *domain = &check->domains[event->domain];

	check->figures.requests++;
	lane->task.record.requests_sent++;
	if (domain->is_known && event->other != domain->holder)
		check_complain(check,
		    "its target, thread %u, does not hold the lock",
		    event->other);
	if (domain->is_known && domain->has_request)
		check_complain(check, "another request stands in this tenure");
	domain->has_request = true;
	domain->requested_ns = event->time_ns;
}

static void
take_withdraw(
    struct check *check, struct lane *lane, const struct lock_event *event)
{
	struct domain *domain = &check->domains[event->domain];

	if (domain->is_known && !domain->has_request)
		check_complain(check, "there is no request to withdraw");
	domain->has_request = false;
	lane->task.record.withdrawn++;
}

/* The thread ends its task while it wants the lock. */
static void
take_give_up(
    struct check *check, struct lane *lane, const struct lock_event *event)
{
	struct domain *domain = &check->domains[event->domain];
	struct lock_record *record = &lane->task.record;

	span_add(event->time_ns - lane->asked_ns, &record->wait_ns,
	    &record->longest_wait_ns);
	record->honoured += lane->has_obeyed;
	lane->has_obeyed = false;
	/* Who has not slept was interrupted before it began to wait. */
	if (lane->phase == PHASE_WOKEN && domain->is_known &&
	    domain->holder != LOCK_NO_THREAD)
		blame(lane, &check->lanes[domain->holder], event->time_ns);
	lane->is_waiter = false;
	if (domain->is_known && domain->has_request &&
	    count_waiters(check, event->domain) == 0)
		domain->leaver = event->thread;
}

/* --- the lock: who has it --- */

/* Whether the thread may be the next one to take the lock. */
static void
check_turn(
    struct check *check, const struct lane *lane, const struct domain *domain)
{
	const struct lock_event *event = check->event;

	if (!domain->is_known)
		return;
	if (domain->holder != LOCK_NO_THREAD)
		check_complain(
		    check, "thread %u holds the lock", domain->holder);
	if (event->other != domain->previous)
		check_complain(check, "it comes from thread %d, not from %d",
		    event->other == LOCK_NO_THREAD ? -1 : event->other,
		    domain->previous == LOCK_NO_THREAD ? -1 : domain->previous);
	if (lane->is_waiter && lane->phase == PHASE_ASKED)
		check_complain(check, "it waited and was not woken");
	for (size_t i = 0; i < check->n_lanes; i++) {
		const struct lane *other = &check->lanes[i];

		if (check->rules.is_fair && other->is_waiter &&
		    other->domain == event->domain &&
		    other->asked_number < lane->asked_number)
			check_complain(check, "thread %zu asked before it", i);
	}
}

/* How the request that it obeyed, and its battle, came out. */
static void
settle(struct check *check, struct lane *lane, const struct lock_event *event)
{
	struct lock_record *record = &lane->task.record;
	bool is_back = event->other == event->thread;
	bool has_lost = lane->is_in_battle && is_back;

	if (lane->has_obeyed && is_back)
		record->missed++;
	else if (lane->has_obeyed)
		record->honoured++;
	if (check->is_certain && has_lost != (event->detail != 0))
		check_complain(check, "it is told %s, and it was %s",
		    event->detail != 0 ? "missed" : "not missed",
		    has_lost ? "missed" : "not missed");
	record->battles_lost += event->detail != 0;
	lane->has_obeyed = false;
	lane->is_in_battle = false;
}

/* All others that waited in this domain have been overtaken once more. */
static void
count_overtaken(struct check *check, const struct lock_event *event)
{
	for (size_t i = 0; i < check->n_lanes; i++) {
		struct lane *other = &check->lanes[i];

		if (!other->is_waiter || other->domain != event->domain)
			continue;
		other->overtaken++;
		if (other->overtaken > check->figures.most_overtaken)
			check->figures.most_overtaken = other->overtaken;
	}
}

static void
take_acquire(
    struct check *check, struct lane *lane, const struct lock_event *event)
{
	struct domain *domain = &check->domains[event->domain];
	struct lock_record *record = &lane->task.record;

	check_turn(check, lane, domain);
	if (lane->phase != PHASE_UNKNOWN &&
	    event->waited_ns != event->time_ns - lane->asked_ns)
		check_complain(check,
		    "it waited %" PRIu64 " ns, and says %" PRIu64,
		    event->time_ns - lane->asked_ns, event->waited_ns);
	settle(check, lane, event);
	record->acquisitions++;
	record->switches += event->other != LOCK_NO_THREAD &&
	    event->other != event->thread && !domain->has_previous_ended;
	span_add(event->waited_ns, &record->wait_ns, &record->longest_wait_ns);
	if (lane->phase == PHASE_WOKEN) {
		record->wakeups++;
		span_add(event->time_ns - domain->freed_ns, &record->wakeup_ns,
		    &record->longest_wakeup_ns);
	}
	lane->is_waiter = false;
	lane->tenure_start_ns = event->time_ns;
	count_overtaken(check, event);
	if (check->rules.is_fair &&
	    lane->overtaken >= (check->n_lanes > 0 ? check->n_lanes : 1))
		check_complain(check, "it was overtaken %" PRIu64 " times",
		    lane->overtaken);
	domain->is_known = true;
	domain->holder = event->thread;
	domain->previous = event->thread;
	domain->has_previous_ended = false;
	domain->has_request = false;
}

/* The tenure's request, at its end. */
static void
end_request(struct lane *lane, struct domain *domain,
    const struct lock_event *event, bool is_obedience)
{
	struct lock_record *record = &lane->task.record;

	if (!domain->has_request)
		return;
	domain->has_request = false;
	record->drop_requests++;
	span_add(event->time_ns - domain->requested_ns, &record->safepoint_ns,
	    &record->longest_safepoint_ns);
	if (is_obedience)
		lane->has_obeyed = true;
	else
		record->superseded++;
}

static void
take_release(
    struct check *check, struct lane *lane, const struct lock_event *event)
{
	struct domain *domain = &check->domains[event->domain];
	struct lock_record *record = &lane->task.record;
	bool is_obedience = event->detail == LOCK_RELEASE_REQUESTED ||
	    event->detail == LOCK_RELEASE_QUANTUM;
	unsigned n_waiters = count_waiters(check, event->domain);

	if (domain->is_known && domain->holder != event->thread)
		check_complain(check, "it does not hold the lock");
	if (domain->is_known && is_obedience && !domain->has_request)
		check_complain(check, "it obeys, and no request stands");
	span_add(event->time_ns - lane->tenure_start_ns, &record->held_ns,
	    &record->longest_hold_ns);
	end_request(lane, domain, event, is_obedience);
	lane->is_in_battle = n_waiters > 0 &&
	    (is_obedience || event->detail == LOCK_RELEASE_TICK);
	record->battles += lane->is_in_battle;
	lane->reason = event->detail;
	for (size_t i = 0; i < check->n_lanes; i++) {
		struct lane *waiter = &check->lanes[i];

		if (!waiter->is_waiter || waiter->domain != event->domain)
			continue;
		waiter->releases++;
		blame(waiter, lane, event->time_ns);
	}
	domain->is_known = true;
	domain->holder = LOCK_NO_THREAD;
	domain->previous = event->thread;
	domain->has_previous_ended = event->detail == LOCK_RELEASE_FINAL ||
	    event->detail == LOCK_RELEASE_CANCELLED;
	domain->freed_ns = event->time_ns;
}

/* --- events --- */

static void
take_away(struct lane *lane, const struct lock_event *event)
{
	struct lock_record *record = &lane->task.record;
	uint64_t span_ns = event->time_ns - lane->away_ns;

	switch (event->kind) {
	case LOCK_SWITCH_WAIT_END:
		record->switch_wait_ns += span_ns;
		break;
	case LOCK_NATIVE_END:
		record->native_ns += span_ns;
		break;
	case LOCK_IO_END:
		record->io_ns += span_ns;
		record->io_operations++;
		break;
	default:
		lane->away_ns = event->time_ns;
	}
}

static void
take(struct check *check, struct lane *lane, const struct lock_event *event)
{
	switch (event->kind) {
	case LOCK_TASK_START:
		task_begin(lane, event);
		break;
	case LOCK_TASK_END:
		if (lane->phase == PHASE_ASKED || lane->phase == PHASE_WOKEN)
			take_give_up(check, lane, event);
		task_finish(check, lane, event);
		break;
	case LOCK_REQUEST:
		take_request(check, lane, event);
		break;
	case LOCK_WAKE:
		take_wake(check, lane, event);
		break;
	case LOCK_DROP_REQUEST:
		take_drop_request(check, lane, event);
		break;
	case LOCK_WITHDRAW:
		take_withdraw(check, lane, event);
		break;
	case LOCK_ACQUIRE:
		take_acquire(check, lane, event);
		break;
	case LOCK_RELEASE:
		take_release(check, lane, event);
		break;
	default:
		take_away(lane, event);
	}
}

/* What the event before makes the only possible next one of its domain. */
static void
check_promise(struct check *check, const struct lock_event *event)
{
	struct domain *domain = &check->domains[event->domain];

	if (domain->newcomer != LOCK_NO_THREAD &&
	    (domain->newcomer != event->thread ||
		(event->kind != LOCK_ACQUIRE && event->kind != LOCK_TASK_END)))
		check_complain(check, "the lock was free for thread %u to take",
		    domain->newcomer);
	if (domain->leaver != LOCK_NO_THREAD &&
	    (event->kind != LOCK_WITHDRAW || event->other != domain->leaver))
		check_complain(check,
		    "nobody waits since thread %u gave up, and the request "
		    "stands",
		    domain->leaver);
	domain->newcomer = LOCK_NO_THREAD;
	domain->leaver = LOCK_NO_THREAD;
}

static void
check_number(struct check *check, const struct lock_event *event)
{
	bool is_first = check->figures.events == 0;

	if (is_first) {
		check->is_certain = event->number == 0;
	} else if (event->number < check->next_number) {
		check_complain(check, "numbers go back from %" PRIu64,
		    check->next_number - 1);
	} else if (event->number > check->next_number) {
		check->figures.lost += event->number - check->next_number;
		if (!check->rules.may_lose)
			check_complain(check,
			    "numbers are missing from %" PRIu64 " on",
			    check->next_number);
		forget(check);
	}
	check->next_number = event->number + 1;
	check->figures.events++;
}

void
check_event(struct check *check, const struct lock_event *event)
{
	struct lane *lane;

	check->event = event;
	check_number(check, event);
	reach(check, event);
	lane = &check->lanes[event->thread];
	if (lane->phase != PHASE_UNKNOWN) {
		if (!grammar_allows(lane->phase, lane->reason, event->kind))
			check_complain(
			    check, "it cannot follow what it did before");
		if (event->time_ns < lane->time_ns)
			check_complain(check, "its time goes back");
		if (lane->phase != PHASE_IDLE && lane->domain != event->domain)
			check_complain(check,
			    "its task goes from lock %u to lock %u",
			    lane->domain, event->domain);
	}
	check_promise(check, event);
	lane->domain = event->domain;
	take(check, lane, event);
	lane->phase = grammar_next(lane->phase, event->kind);
	lane->time_ns = event->time_ns;
	check->event = NULL;
}
