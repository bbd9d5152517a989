/*
 * The countdown, run by the thread of a worker process, by the threads of a
 * threads pool, and once by the master, which calibrates. It owns no state.
 *
 * The two loops are the thing that gild measures, so they have to be the same
 * work wherever they run and whoever compiled them:
 * - an empty asm statement that "changes" the counter, or the chain's value,
 *   makes each turn and each spin one that the compiler can neither drop nor
 *   merge with its neighbour, and costs no instruction;
 * - each loop is a function of its own, never inlined, at the start of a cache
 *   line: its speed does not depend on what stands before it in the program.
 */
#include "daemon/countdown.h"

#include <stdbool.h>

#include "daemon/clock.h"

#define HOT __attribute__((noinline, aligned(64)))

/* Odd, so that the chain never falls to 0; the golden ratio's 64 bits. */
#define CHAIN_FACTOR UINT64_C(0x9E3779B97F4A7C15)

#define CALIBRATION_ROUNDS 40
#define CALIBRATION_TURNS (UINT64_C(1) << 20)
#define CALIBRATION_SPUN_TURNS (UINT64_C(1) << 13)
#define CALIBRATION_SPINS UINT32_C(64)

#define PS_PER_NS UINT64_C(1000)

static inline bool
is_wanted(const _Atomic uint32_t *attention)
{
	return atomic_load_explicit(attention, memory_order_relaxed) != 0;
}

static HOT uint64_t
count_bare(uint64_t turns, const _Atomic uint32_t *attention)
{
	while (turns != 0) {
		if (is_wanted(attention))
			break;
		turns--;
		__asm__ volatile("" : "+r"(turns));
	}
	return turns;
}

/*
 * The multiplications form one chain through all turns, so a turn costs spins
 * times the latency of one, and nothing else: the loops' own instructions and
 * the mispredicted end of the inner loop hide behind the chain.
 */
static HOT uint64_t
count_spinning(
    uint64_t turns, uint32_t spins, const _Atomic uint32_t *attention)
{
	uint64_t chain = CHAIN_FACTOR;

	while (turns != 0) {
		if (is_wanted(attention))
			break;
		for (uint32_t i = 0; i < spins; i++) {
			chain *= CHAIN_FACTOR;
			__asm__ volatile("" : "+r"(chain));
		}
		turns--;
	}
	return turns;
}

uint64_t
countdown(uint64_t turns, uint32_t spins, const _Atomic uint32_t *attention)
{
	if (spins == 0)
		return count_bare(turns, attention);
	return count_spinning(turns, spins, attention);
}

static uint64_t
min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* On the CPU's clock: time that another thread was given does not count. */
static uint64_t
countdown_measure_ns(uint64_t turns, uint32_t spins)
{
	static const _Atomic uint32_t undisturbed = 0;
	uint64_t start = clock_thread_cpu_ns();

	countdown(turns, spins, &undisturbed);
	return clock_thread_cpu_ns() - start;
}

static uint64_t
cost_ps(uint64_t elapsed_ns, uint64_t units)
{
	return max_u64((elapsed_ns * PS_PER_NS + units / 2) / units, 1);
}

struct calibration
countdown_calibrate(void)
{
	uint64_t bare_ns = UINT64_MAX;
	uint64_t spun_ns = UINT64_MAX;

	/*
	 * Whatever disturbs a run makes it longer, never shorter: the least is
	 * the truth, and interleaving shows both loops the same weather.
	 */
	for (int round = 0; round < CALIBRATION_ROUNDS; round++) {
		bare_ns = min_u64(
		    bare_ns, countdown_measure_ns(CALIBRATION_TURNS, 0));
		spun_ns = min_u64(spun_ns,
		    countdown_measure_ns(
			CALIBRATION_SPUN_TURNS, CALIBRATION_SPINS));
	}
	return (struct calibration){
	    .turn_ps = cost_ps(bare_ns, CALIBRATION_TURNS),
	    .spin_ps =
		cost_ps(spun_ns, CALIBRATION_SPUN_TURNS * CALIBRATION_SPINS),
	};
}

static uint64_t
multiply_saturated(uint64_t a, uint64_t b)
{
	uint64_t product;

	if (__builtin_mul_overflow(a, b, &product))
		return UINT64_MAX;
	return product;
}

uint32_t
countdown_spins(const struct calibration *calibration, uint64_t cost_ns)
{
	uint64_t spin_ps = calibration->spin_ps;
	uint64_t asked_ps = multiply_saturated(cost_ns, PS_PER_NS);
	uint64_t spins = asked_ps / spin_ps;
	uint64_t rest_ps = asked_ps % spin_ps;

	if (cost_ns == 0)
		return 0;
	if (spins < UINT32_MAX && rest_ps >= spin_ps - rest_ps)
		spins++;
	return (uint32_t)min_u64(max_u64(spins, 1), UINT32_MAX);
}

/* The bare turn runs in the chain's shadow: the dearer one counts. */
static uint64_t
turn_cost_ps(const struct calibration *calibration, uint32_t spins)
{
	return max_u64(calibration->turn_ps,
	    multiply_saturated(spins, calibration->spin_ps));
}

uint64_t
countdown_stride(
    const struct calibration *calibration, uint32_t spins, uint64_t target_ns)
{
	uint64_t turn_ps = turn_cost_ps(calibration, spins);

	return max_u64(multiply_saturated(target_ns, PS_PER_NS) / turn_ps, 1);
}

uint64_t
countdown_duration_ns(
    const struct calibration *calibration, uint64_t turns, uint32_t spins)
{
	uint64_t turn_ps = turn_cost_ps(calibration, spins);

	return multiply_saturated(turns, turn_ps) / PS_PER_NS;
}
