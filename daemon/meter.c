/*
 * The meter. Run by each executor's thread, for itself.
 *
 * The kernel's word is the field rseq_cs of the area for restartable sequences,
 * which the C library registers for each thread (rseq(2)). It is meant to name
 * the code that must not be interrupted. When a thread comes back from an
 * interruption that let another one have its CPU, or moved it to another CPU, or
 * brought a signal, and the code that it was interrupted in is not what rseq_cs
 * names, then the kernel sets rseq_cs to 0. So we have it name no code at all:
 * as long as it is there nothing has come between. We call that being armed.
 *
 * Once armed we stay so, through any number of tasks: the last reading and the
 * monotonic clock tell what the other clocks would say. After an interruption
 * the clocks are read again, once. As of Linux 6.19 rseq_cs is looked at only
 * where an interrupt came, not where a system call had to wait: what that
 * means for us is found out when the meter is opened.
 *
 * A CPU serves its own interrupts in the middle of all that. Where the kernel
 * does not count them as the thread's time we do, so the clocks are read anew
 * before that can add up. And a kernel that does not keep its word is found
 * out then, and not relied upon any more.
 */
#include "config.h"

#include "daemon/meter.h"

#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>

#ifdef HAVE_RSEQ
#include <sys/rseq.h>
#endif

#include "daemon/clock.h"

/* How old a reading may be that others are derived from. */
#define MAX_AGE_NS (10 * NS_PER_MS)
/* Of that age: what interrupts may have taken, and no more. */
#define MAX_SHARE 8

/* --- the kernel's word --- */

#ifdef HAVE_RSEQ

/* Where the kernel would have a sequence go on, if it had any code. It checks
 * that the signature stands before that. */
static const uint32_t landing[] = {RSEQ_SIG, 0};

static const struct rseq_cs no_code = {
    .start_ip = (uintptr_t)&landing[1],
    .post_commit_offset = 0,
    .abort_ip = (uintptr_t)&landing[1],
};

static struct rseq *
thread_area(void)
{
	return (
	    struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

static bool
area_is_there(void)
{
	return __rseq_size > 0 && (int32_t)thread_area()->cpu_id >= 0;
}

static void
area_name(uint64_t code)
{
	__atomic_store_n(&thread_area()->rseq_cs, code, __ATOMIC_RELAXED);
	atomic_signal_fence(memory_order_seq_cst);
}

static void
arm(void)
{
	area_name((uintptr_t)&no_code);
}

static void
disarm(void)
{
	area_name(0);
}

static bool
is_armed(void)
{
	atomic_signal_fence(memory_order_seq_cst);
	return __atomic_load_n(&thread_area()->rseq_cs, __ATOMIC_RELAXED) != 0;
}

#else

static bool
area_is_there(void)
{
	return false;
}

static void
arm(void)
{
}

static void
disarm(void)
{
}

static bool
is_armed(void)
{
	return false;
}

#endif

/* --- the kernel's figures --- */

/*
 * Reads all but cpu_wait_ns, armed from then on. What takes long is read first
 * at the start of the work, and last at its end: it is not the work's.
 */
static void
meter_read(struct meter *meter)
{
	struct rusage usage;

	if (meter->is_watching)
		arm();
	meter->last.cpu_ns = clock_thread_cpu_ns();
	getrusage(RUSAGE_THREAD, &usage);
	meter->last.voluntary_switches = (uint64_t)usage.ru_nvcsw;
	meter->last.involuntary_switches = (uint64_t)usage.ru_nivcsw;
	meter->last.monotonic_ns = clock_monotonic_ns();
}

static void
meter_read_cpu_wait(struct meter *meter)
{
	struct schedstat_times times = {0};

	schedstat_read(meter->schedstat, &times);
	meter->last.cpu_wait_ns = times.waited_ns;
}

/* Whether nothing has come between since the last reading. */
static bool
meter_is_undisturbed(const struct meter *meter)
{
	return meter->is_watching && is_armed();
}

/* --- opening --- */

/* Whether a system call that has to wait counts as an interruption. */
static bool
call_is_seen(void)
{
	static const struct timespec moment = {.tv_nsec = 1};

	arm();
	nanosleep(&moment, NULL);
	return !is_armed();
}

void
meter_open(struct meter *meter, const struct schedstat *schedstat)
{
	*meter = (struct meter){
	    .schedstat = schedstat,
	    .is_watching = area_is_there(),
	};
	meter->is_seeing_calls = meter->is_watching && call_is_seen();
	meter_read_cpu_wait(meter);
	meter_read(meter);
}

void
meter_close(struct meter *meter)
{
	if (meter->is_watching)
		disarm();
}

/* --- measuring --- */

/*
 * Reads the clocks, which a reading derived from the last one says nothing has
 * disturbed since, but the CPU's own interrupts.
 */
static void
meter_check(struct meter *meter, const struct meter_reading *derived)
{
	uint64_t age_ns = derived->monotonic_ns - meter->last.monotonic_ns;

	meter_read(meter);
	if (derived->cpu_ns > meter->last.cpu_ns + age_ns / MAX_SHARE)
		meter->is_watching = false;
}

/* Starts without a look at the clocks. False where they have to be read. */
static bool
meter_derive_start(struct meter *meter)
{
	struct meter_reading now = meter->last;
	uint64_t age_ns;

	now.monotonic_ns = clock_monotonic_ns();
	age_ns = now.monotonic_ns - meter->last.monotonic_ns;
	now.cpu_ns += age_ns;
	/* Since the last work there were system calls. */
	if (!meter->is_seeing_calls || !meter_is_undisturbed(meter))
		return false;
	if (age_ns > MAX_AGE_NS) {
		meter_check(meter, &now);
		now = meter->last;
	}
	meter->start = now;
	return true;
}

void
meter_start(struct meter *meter, bool is_short)
{
	meter->is_short = is_short && meter->is_watching;
	if (meter->is_short && meter_derive_start(meter))
		return;
	if (!meter->is_short)
		meter_read_cpu_wait(meter);
	meter_read(meter);
	meter->start = meter->last;
}

static uint64_t
min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* By how much a clock of the kernel has moved on from what we took it for. */
static uint64_t
advance(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

struct meter_reading
meter_stop(struct meter *meter, uint64_t *start_ns)
{
	const struct meter_reading *start = &meter->start;
	struct meter_reading cost = {.monotonic_ns = clock_monotonic_ns()};
	uint64_t wall_ns = cost.monotonic_ns - start->monotonic_ns;

	*start_ns = start->monotonic_ns;
	if (meter->is_short && wall_ns < METER_SHORT_NS &&
	    meter_is_undisturbed(meter)) {
		cost.cpu_ns = wall_ns;
		return cost;
	}
	meter_read(meter);
	meter_read_cpu_wait(meter);
	cost.voluntary_switches =
	    advance(start->voluntary_switches, meter->last.voluntary_switches);
	cost.involuntary_switches = advance(
	    start->involuntary_switches, meter->last.involuntary_switches);
	cost.cpu_ns =
	    min_u64(advance(start->cpu_ns, meter->last.cpu_ns), wall_ns);
	cost.cpu_wait_ns =
	    min_u64(advance(start->cpu_wait_ns, meter->last.cpu_wait_ns),
		wall_ns - cost.cpu_ns);
	return cost;
}
