/*
 * Reports on locks. Run by a frontend's one thread, over memory that the
 * threads of the pools change meanwhile: each number is right, two of them may
 * be a moment apart, and a quotient of two is kept within its bounds.
 *
 * A thread adds to its totals when a task of its ends; a lock's own totals run
 * with the lock.
 */
#include "daemon/report_lock.h"

#include "daemon/clock.h"
#include "daemon/generation.h"
#include "proto/lockwire.h"
#include "proto/member.h"

#define MAX_BLOCKED 256 /* pairs of threads, those who waited longest */
#define PPM UINT64_C(1000000)

/* --- parameters --- */

json_t *
report_lock_parameters(const struct generation *generation, uint32_t pool)
{
	const struct pool_settings *settings =
	    &generation->settings->pools[pool];
	const struct pool_record *record = &generation->board.pools[pool];
	enum gil_policy policy = (enum gil_policy)counter_get(&record->policy);

	if (settings->kind != POOL_THREADS)
		return json_null();
	return json_pack("{s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:b, s:o}",
	    "locks", member_integer(settings->locks), "policy",
	    gil_policy_name(policy), "force", counter_get(&record->force) != 0,
	    "interval_us", member_integer(counter_get(&record->interval_us)),
	    "check_interval",
	    member_integer(counter_get(&record->check_interval)), "quantum_us",
	    member_integer(counter_get(&record->quantum_us)), "timer_us",
	    member_integer(counter_get(&record->timer_us)), "overhead_pct",
	    member_integer(counter_get(&record->overhead_pct)), "events",
	    counter_get(&record->events) != 0, "events_kept",
	    member_integer(settings->events_kept));
}

/* --- quotients --- */

/* part of whole in units of 1 / scale; 0 of nothing. */
static uint64_t
quotient(uint64_t part, uint64_t whole, uint64_t scale)
{
	return whole == 0
	    ? 0
	    : (uint64_t)((double)part * (double)scale / (double)whole);
}

/* The same, of a part that is no more than the whole. */
static uint64_t
share(uint64_t part, uint64_t whole)
{
	return part >= whole && whole > 0 ? PPM : quotient(part, whole, PPM);
}

/* --- domains --- */

/* What the threads of one lock add up to. */
struct domain_sums {
	uint32_t n_threads;
	uint64_t battles;
	uint64_t battles_lost;
	/* Of those who ever wanted it: how many, and of what they got the sum
	 * and the sum of squares. */
	double takers;
	double held;
	double held_squared;
};

/* What an executor counted of its lock. */
static struct lock_record
seat_record(const struct generation *generation, uint32_t pool, uint32_t thread)
{
	const struct board *board = &generation->board;
	const struct seat *seat =
	    &board->seats[board->first_seat[pool] + thread];
	struct lock_record record = {0};

	for (size_t i = 0; i < LOCK_COUNTERS; i++)
		lock_record_set(
		    &record, i, counter_get(&seat->lock.counters[i]));
	return record;
}

static struct domain_sums
domain_sum(const struct generation *generation, uint32_t pool, uint32_t domain)
{
	const struct pool_settings *settings =
	    &generation->settings->pools[pool];
	struct domain_sums sums = {0};

	for (uint32_t i = 0; i < settings->size; i++) {
		struct lock_record record;

		if (pool_thread_domain(settings, i) != domain)
			continue;
		record = seat_record(generation, pool, i);
		sums.n_threads++;
		sums.battles += record.battles;
		sums.battles_lost += record.battles_lost;
		if (record.held_ns == 0 && record.wait_ns == 0)
			continue;
		sums.takers++;
		sums.held += (double)record.held_ns;
		sums.held_squared +=
		    (double)record.held_ns * (double)record.held_ns;
	}
	return sums;
}

/* Jain's index: 1 when all of n got the same, 1/n when one got all. */
static uint64_t
fairness_ppm(const struct domain_sums *sums)
{
	if (sums->held_squared == 0)
		return 0;
	return (uint64_t)(sums->held * sums->held * (double)PPM /
		(sums->takers * sums->held_squared) +
	    0.5);
}

static json_t *
report_domain(
    const struct generation *generation, uint32_t pool, uint32_t domain)
{
	const struct board *board = &generation->board;
	const struct gil_totals *totals = &board->domains[pool][domain];
	struct domain_sums sums = domain_sum(generation, pool, domain);
	uint64_t held_ns = counter_get(&totals->held_ns);
	uint64_t contended_ns = counter_get(&totals->contended_ns);
	uint64_t waiting_ns = counter_get(&totals->waiting_ns);
	uint64_t switches = counter_get(&totals->switches);
	uint64_t uptime_ns = clock_monotonic_ns() - board->started_ns;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:o, s:o, s:o}",
	    "domain", member_integer(domain), "threads",
	    member_integer(sums.n_threads), "held_ns", member_integer(held_ns),
	    "contended_ns", member_integer(contended_ns), "waiting_ns",
	    member_integer(waiting_ns), "handovers",
	    member_integer(counter_get(&totals->handovers)), "switches",
	    member_integer(switches), "held_ppm",
	    member_integer(share(held_ns, uptime_ns)), "contended_ppm",
	    member_integer(share(contended_ns, held_ns)), "mean_waiters_milli",
	    member_integer(quotient(waiting_ns, held_ns, 1000)),
	    "switches_per_s",
	    member_integer(quotient(switches, held_ns, NS_PER_S)),
	    "battles_lost_ppm",
	    member_integer(share(sums.battles_lost, sums.battles)),
	    "fairness_ppm", member_integer(fairness_ppm(&sums)));
}

static json_t *
report_domains(const struct generation *generation, uint32_t pool)
{
	uint32_t n = pool_domain_count(&generation->settings->pools[pool]);
	json_t *domains = json_array();
	bool is_short = false;

	for (uint32_t i = 0; i < n; i++)
		is_short |= json_array_append_new(
		    domains, report_domain(generation, pool, i));
	if (is_short) {
		json_decref(domains);
		domains = NULL;
	}
	return domains;
}

/* --- threads --- */

static json_t *
report_threads(const struct generation *generation, uint32_t pool)
{
	const struct pool_settings *settings =
	    &generation->settings->pools[pool];
	json_t *threads = json_array();
	bool is_short = false;

	for (uint32_t i = 0; i < settings->size; i++) {
		struct lock_record record = seat_record(generation, pool, i);
		json_t *thread = lock_record_to_json(&record);

		is_short |=
		    json_object_set_new(thread, "thread", member_integer(i));
		is_short |= json_object_set_new(thread, "domain",
		    member_integer(pool_thread_domain(settings, i)));
		is_short |= json_array_append_new(threads, thread);
	}
	if (is_short) {
		json_decref(threads);
		threads = NULL;
	}
	return threads;
}

/* --- who blocked whom --- */

struct blocked_pair {
	uint32_t waiter;
	uint32_t holder;
	uint64_t wait_ns;
};

/* The pairs seen so far that waited longest, in that order. */
struct blocked_list {
	size_t n;
	struct blocked_pair pairs[MAX_BLOCKED];
};

static void
blocked_insert(struct blocked_list *list, struct blocked_pair pair)
{
	size_t to;

	if (list->n < MAX_BLOCKED)
		list->n++;
	else if (list->pairs[list->n - 1].wait_ns >= pair.wait_ns)
		return;
	for (to = list->n - 1;
	     to > 0 && list->pairs[to - 1].wait_ns < pair.wait_ns; to--)
		list->pairs[to] = list->pairs[to - 1];
	list->pairs[to] = pair;
}

static json_t *
report_blocked(const struct generation *generation, uint32_t pool)
{
	uint32_t size = generation->settings->pools[pool].size;
	struct blocked_list list = {.n = 0};
	json_t *blocked = json_array();
	bool is_short = false;

	for (uint32_t waiter = 0; waiter < size; waiter++) {
		const _Atomic uint64_t *row =
		    board_blocked(&generation->board, pool, waiter);

		for (uint32_t holder = 0; holder < size; holder++) {
			uint64_t wait_ns = counter_get(&row[holder]);

			if (wait_ns > 0)
				blocked_insert(&list,
				    (struct blocked_pair){
					waiter, holder, wait_ns});
		}
	}
	for (size_t i = 0; i < list.n; i++)
		is_short |= json_array_append_new(blocked,
		    json_pack("{s:o, s:o, s:o}", "waiter",
			member_integer(list.pairs[i].waiter), "holder",
			member_integer(list.pairs[i].holder), "wait_ns",
			member_integer(list.pairs[i].wait_ns)));
	if (is_short) {
		json_decref(blocked);
		blocked = NULL;
	}
	return blocked;
}

/* --- events --- */

/*
 * What recording took of the time in which the threads had tasks. Of the parts
 * of that time two are known while a task runs, three when it has ended.
 */
static uint64_t
overhead_ppm(const struct generation *generation, uint32_t pool,
    const struct lock_record *sum)
{
	const struct board *board = &generation->board;
	uint32_t n = pool_domain_count(&generation->settings->pools[pool]);
	uint64_t busy_ns = sum->switch_wait_ns + sum->native_ns + sum->io_ns;
	double cost_ns = (double)counter_get(&board->pools[pool].event_number) *
	    (double)board->event_ps / 1000;

	for (uint32_t i = 0; i < n; i++) {
		const struct gil_totals *totals = &board->domains[pool][i];

		busy_ns += counter_get(&totals->held_ns) +
		    counter_get(&totals->waiting_ns);
	}
	return share((uint64_t)cost_ns, busy_ns);
}

static json_t *
report_events(const struct generation *generation, uint32_t pool,
    const struct lock_record *sum)
{
	const struct pool_record *record = &generation->board.pools[pool];

	return json_pack("{s:b, s:o, s:o}", "is_recording",
	    counter_get(&record->events) != 0, "recorded",
	    member_integer(counter_get(&record->event_number)), "overhead_ppm",
	    member_integer(overhead_ppm(generation, pool, sum)));
}

json_t *
report_lock_stats(const struct generation *generation, uint32_t pool)
{
	const struct pool_settings *settings =
	    &generation->settings->pools[pool];
	const struct board *board = &generation->board;
	struct lock_histograms histograms = {0};
	struct lock_record sum = {0};
	bool is_short = false;
	json_t *lock;

	if (settings->kind != POOL_THREADS)
		return json_null();
	for (uint32_t i = 0; i < settings->size; i++)
		lock_totals_sum(&board->seats[board->first_seat[pool] + i].lock,
		    &sum, &histograms);
	lock = lock_record_to_json(&sum);
	is_short |= json_object_set_new(
	    lock, "histograms", lock_histograms_to_json(&histograms));
	is_short |= json_object_set_new(
	    lock, "domains", report_domains(generation, pool));
	is_short |= json_object_set_new(
	    lock, "threads", report_threads(generation, pool));
	is_short |= json_object_set_new(
	    lock, "blocked", report_blocked(generation, pool));
	is_short |= json_object_set_new(
	    lock, "events", report_events(generation, pool, &sum));
	if (is_short) {
		json_decref(lock);
		lock = NULL;
	}
	return lock;
}
