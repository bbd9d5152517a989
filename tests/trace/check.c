/*
 * Owns: what the events of a lock say about it. Three parts: the grammar of
 * each thread's events, the lock that they share, and the tasks' accounts.
 *
 * A breach is told once and the state that the event implies is taken over, so
 * that one mistake does not drown the next.
 */
#include "tests/trace/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/jobid.h"

#define BREACH_CHARS 255

/* Where a thread stands in the grammar. */
enum phase {
	PHASE_UNKNOWN, /* events were lost, or it was not heard of */
	PHASE_IDLE,    /* without a task */
	PHASE_TO_ASK,  /* a REQUEST is next */
	PHASE_ASKED,
	PHASE_WOKEN,
	PHASE_SENT, /* a drop request: it sleeps again */
	PHASE_HOLDS,
	PHASE_LEFT,	 /* released; what follows depends on the reason */
	PHASE_SWITCHING, /* waits for a switch */
	PHASE_SWITCHED,
	PHASE_NATIVE,
	PHASE_IO,
};

struct task_account {
	struct lock_label label;
	struct lock_record record;
	struct lock_blame blame;
	uint64_t ns; /* from its start to its end */
	bool is_certain;
};

struct lane {
	enum phase phase;
	uint64_t time_ns; /* of its last event */
	uint16_t domain;
	uint8_t reason; /* of its last release */

	/* Its wait, from PHASE_ASKED to PHASE_SENT. */
	bool is_waiter;	   /* the lock was not free */
	uint64_t asked_ns; /* with asked_number, the place in the queue */
	uint64_t asked_number;
	uint64_t overtaken;
	uint64_t releases; /* since it asked */

	uint64_t tenure_start_ns;
	uint64_t away_ns; /* since when it waits for a switch, counts
				  * natively or sleeps */
	bool is_in_battle;
	bool has_obeyed; /* a drop request, and it is not known how it ends */

	bool has_task; /* seen from its start, nothing lost since */
	uint64_t start_ns;
	struct task_account task;
};

struct domain {
	bool is_known;	   /* what is below, but for the request */
	uint16_t holder;   /* or LOCK_NO_THREAD */
	uint16_t previous; /* the last one to acquire it */
	bool has_previous_ended;
	uint64_t freed_ns;
	uint16_t newcomer; /* found it free: its event is next */
	uint16_t leaver;   /* the last waiter has gone: a WITHDRAW is next */

	bool has_request;
	uint64_t requested_ns;
};

struct check {
	struct check_rules rules;
	struct check_figures figures;
	uint64_t next_number;
	bool is_certain; /* from number 0, and nothing is lost */
	struct lane *lanes;
	size_t n_lanes;
	struct domain *domains;
	size_t n_domains;
	struct task_account *tasks; /* that ended */
	size_t n_tasks;
	const struct lock_event *event; /* at hand; or NULL */
	char breaches[CHECK_MAX_BREACHES][BREACH_CHARS + 1];
};

/* --- breaches --- */

static void breach(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
breach(struct check *check, const char *format, ...)
{
	const struct lock_event *event = check->event;
	char *text = check->breaches[check->figures.breaches];
	int used = 0;
	va_list args;

	if (check->figures.breaches++ >= CHECK_MAX_BREACHES)
		return;
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

/* --- the grammar --- */

/* What comes after a release, and the switch wait that may be between. */
static enum lock_event_kind
kind_after_release(uint8_t reason)
{
	switch (reason) {
	case LOCK_RELEASE_NATIVE:
		return LOCK_NATIVE_START;
	case LOCK_RELEASE_IO:
		return LOCK_IO_START;
	case LOCK_RELEASE_FINAL:
	case LOCK_RELEASE_CANCELLED:
		return LOCK_TASK_END;
	default:
		return LOCK_REQUEST;
	}
}

static bool
may_wait_for_switch(uint8_t reason)
{
	return reason == LOCK_RELEASE_REQUESTED ||
	    reason == LOCK_RELEASE_NATIVE || reason == LOCK_RELEASE_IO;
}

static bool
grammar_allows(const struct lane *lane, enum lock_event_kind kind)
{
	switch (lane->phase) {
	case PHASE_UNKNOWN:
		return true;
	case PHASE_IDLE:
		return kind == LOCK_TASK_START;
	case PHASE_TO_ASK:
		return kind == LOCK_REQUEST;
	case PHASE_ASKED:
		return kind == LOCK_ACQUIRE || kind == LOCK_WAKE ||
		    kind == LOCK_TASK_END;
	case PHASE_WOKEN:
		return kind == LOCK_ACQUIRE || kind == LOCK_WAKE ||
		    kind == LOCK_TASK_END || kind == LOCK_DROP_REQUEST;
	case PHASE_SENT:
		return kind == LOCK_WAKE;
	case PHASE_HOLDS:
		return kind == LOCK_RELEASE || kind == LOCK_WITHDRAW;
	case PHASE_LEFT:
		return kind == kind_after_release(lane->reason) ||
		    (kind == LOCK_SWITCH_WAIT_START &&
			may_wait_for_switch(lane->reason));
	case PHASE_SWITCHING:
		return kind == LOCK_SWITCH_WAIT_END;
	case PHASE_SWITCHED:
		return kind == kind_after_release(lane->reason);
	case PHASE_NATIVE:
		return kind == LOCK_NATIVE_END;
	case PHASE_IO:
		return kind == LOCK_IO_END;
	}
	return false;
}

/*
 * Where an event leaves its thread. One that does not tell what came before it,
 * and on which depends what may come next, leaves a thread unknown.
 */
static enum phase
phase_after(const struct lane *lane, enum lock_event_kind kind)
{
	static const enum phase phases[LOCK_EVENT_KINDS] = {
	    [LOCK_TASK_START] = PHASE_TO_ASK,
	    [LOCK_TASK_END] = PHASE_IDLE,
	    [LOCK_REQUEST] = PHASE_ASKED,
	    [LOCK_WAKE] = PHASE_WOKEN,
	    [LOCK_DROP_REQUEST] = PHASE_SENT,
	    [LOCK_WITHDRAW] = PHASE_HOLDS,
	    [LOCK_ACQUIRE] = PHASE_HOLDS,
	    [LOCK_RELEASE] = PHASE_LEFT,
	    [LOCK_SWITCH_WAIT_START] = PHASE_SWITCHING,
	    [LOCK_SWITCH_WAIT_END] = PHASE_SWITCHED,
	    [LOCK_NATIVE_START] = PHASE_NATIVE,
	    [LOCK_NATIVE_END] = PHASE_TO_ASK,
	    [LOCK_IO_START] = PHASE_IO,
	    [LOCK_IO_END] = PHASE_TO_ASK,
	};

	if (lane->phase == PHASE_UNKNOWN &&
	    (kind == LOCK_WAKE || kind == LOCK_DROP_REQUEST ||
		kind == LOCK_SWITCH_WAIT_START || kind == LOCK_SWITCH_WAIT_END))
		return PHASE_UNKNOWN;
	return phases[kind];
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
		breach(check,
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
		breach(check, "it slept, though the lock was free");
	if (event->detail == LOCK_WAKE_SIGNAL && lane->releases == 0 &&
	    check->domains[event->domain].is_known)
		breach(check, "a release woke it, but there was none");
}

static void
take_drop_request(
    struct check *check, struct lane *lane, const struct lock_event *event)
{
	struct domain *domain = &check->domains[event->domain];

	check->figures.requests++;
	lane->task.record.requests_sent++;
	if (domain->is_known && event->other != domain->holder)
		breach(check, "its target, thread %u, does not hold the lock",
		    event->other);
	if (domain->is_known && domain->has_request)
		breach(check, "another request stands in this tenure");
	domain->has_request = true;
	domain->requested_ns = event->time_ns;
}

static void
take_withdraw(
    struct check *check, struct lane *lane, const struct lock_event *event)
{
	struct domain *domain = &check->domains[event->domain];

	if (domain->is_known && !domain->has_request)
		breach(check, "there is no request to withdraw");
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
		breach(check, "thread %u holds the lock", domain->holder);
	if (event->other != domain->previous)
		breach(check, "it comes from thread %d, not from %d",
		    event->other == LOCK_NO_THREAD ? -1 : event->other,
		    domain->previous == LOCK_NO_THREAD ? -1 : domain->previous);
	if (lane->is_waiter && lane->phase == PHASE_ASKED)
		breach(check, "it waited and was not woken");
	for (size_t i = 0; i < check->n_lanes; i++) {
		const struct lane *other = &check->lanes[i];

		if (check->rules.is_fair && other->is_waiter &&
		    other->domain == event->domain &&
		    other->asked_number < lane->asked_number)
			breach(check, "thread %zu asked before it", i);
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
		breach(check, "it is told %s, and it was %s",
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
		breach(check, "it waited %" PRIu64 " ns, and says %" PRIu64,
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
		breach(check, "it was overtaken %" PRIu64 " times",
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
		breach(check, "it does not hold the lock");
	if (domain->is_known && is_obedience && !domain->has_request)
		breach(check, "it obeys, and no request stands");
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
		breach(check, "the lock was free for thread %u to take",
		    domain->newcomer);
	if (domain->leaver != LOCK_NO_THREAD &&
	    (event->kind != LOCK_WITHDRAW || event->other != domain->leaver))
		breach(check,
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
		breach(check, "numbers go back from %" PRIu64,
		    check->next_number - 1);
	} else if (event->number > check->next_number) {
		check->figures.lost += event->number - check->next_number;
		if (!check->rules.may_lose)
			breach(check, "numbers are missing from %" PRIu64 " on",
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
		if (!grammar_allows(lane, event->kind))
			breach(check, "it cannot follow what it did before");
		if (event->time_ns < lane->time_ns)
			breach(check, "its time goes back");
		if (lane->phase != PHASE_IDLE && lane->domain != event->domain)
			breach(check, "its task goes from lock %u to lock %u",
			    lane->domain, event->domain);
	}
	check_promise(check, event);
	lane->domain = event->domain;
	take(check, lane, event);
	lane->phase = phase_after(lane, event->kind);
	lane->time_ns = event->time_ns;
	check->event = NULL;
}

/* --- results --- */

/* The last attempt of a task, or NULL. */
static const struct task_account *
find_task(const struct check *check, struct lock_label label)
{
	for (size_t i = check->n_tasks; i > 0; i--) {
		if (lock_label_equals(check->tasks[i - 1].label, label))
			return &check->tasks[i - 1];
	}
	return NULL;
}

/* Those that other threads' events before the task's start bear upon. */
static bool
counter_needs_certainty(const char *name)
{
	return strcmp(name, "switches") == 0 || strcmp(name, "battles") == 0 ||
	    strcmp(name, "wakeup_ns") == 0 ||
	    strcmp(name, "longest_wakeup_ns") == 0;
}

static void
compare_records(struct check *check, const char *task,
    const struct task_account *account, const struct lock_record *told)
{
	for (size_t i = 0; i < LOCK_COUNTERS; i++) {
		uint64_t seen = lock_record_get(&account->record, i);
		uint64_t said = lock_record_get(told, i);

		if (seen != said &&
		    (account->is_certain ||
			!counter_needs_certainty(lock_counters[i].name)))
			breach(check,
			    "%s: %s is %" PRIu64 " by its events, and its "
			    "record says %" PRIu64,
			    task, lock_counters[i].name, seen, said);
	}
	if (told->drop_requests !=
	    told->honoured + told->superseded + told->missed)
		breach(check,
		    "%s: its drop requests are not what became of them", task);
}

/* What one blame has of a label. */
static uint64_t
blamed_ns(const struct lock_blame *blame, struct lock_label label)
{
	for (uint32_t i = 0; i < blame->n_blockers; i++) {
		if (lock_label_equals(blame->blockers[i].label, label))
			return blame->blockers[i].wait_ns;
	}
	return 0;
}

static void
compare_blame(struct check *check, const char *task,
    const struct lock_blame *seen, const struct lock_blame *said)
{
	if (seen->n_blockers != said->n_blockers)
		breach(check,
		    "%s: by its events %" PRIu32 " tasks blocked it, and it "
		    "names %" PRIu32,
		    task, seen->n_blockers, said->n_blockers);
	if (seen->others_ns != said->others_ns)
		breach(check,
		    "%s: by its events others blocked it for %" PRIu64
		    " ns, and it says %" PRIu64,
		    task, seen->others_ns, said->others_ns);
	for (uint32_t i = 0; i < seen->n_blockers; i++) {
		struct lock_label label = seen->blockers[i].label;
		struct job_id id = {label.job[0], label.job[1]};
		uint64_t seen_ns = seen->blockers[i].wait_ns;
		uint64_t said_ns = blamed_ns(said, label);
		char job[JOB_ID_CHARS + 1];

		job_id_format(id, job);
		if (seen_ns != said_ns)
			breach(check,
			    "%s: by its events %s.%" PRIu32
			    " blocked it for %" PRIu64
			    " ns, and it says %" PRIu64,
			    task, job, label.task, seen_ns, said_ns);
	}
}

static void
compare_task(struct check *check, const char *name,
    const struct task_account *account, const struct task_result *told)
{
	check->figures.compared++;
	check->figures.certain += account->is_certain;
	check->figures.within +=
	    account->ns + told->wall_ns / 100 + 5000 >= told->wall_ns;
	compare_records(check, name, account, &told->lock);
	if (account->is_certain)
		compare_blame(check, name, &account->blame, &told->blame);
	if (account->ns > told->wall_ns)
		breach(check,
		    "%s: it took %" PRIu64 " ns of wall time, and %" PRIu64
		    " from its first event to its last",
		    name, told->wall_ns, account->ns);
}

void
check_result(struct check *check, const struct job_result *result)
{
	for (uint32_t i = 0; i < result->n_tasks && result->has_lock; i++) {
		const struct task_result *told = &result->tasks[i];
		struct lock_label label = {
		    {result->job.high, result->job.low}, i};
		const struct task_account *account = find_task(check, label);
		char name[JOB_ID_CHARS + 24];

		if (told->pid == 0)
			continue; /* it never began */
		job_id_format(result->job, name);
		snprintf(name + JOB_ID_CHARS, sizeof(name) - JOB_ID_CHARS,
		    ".%" PRIu32, i);
		if (account != NULL)
			compare_task(check, name, account, told);
		else if (check->figures.lost == 0)
			breach(check, "%s: it ran, and has no events", name);
	}
}
