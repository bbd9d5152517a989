/*
 * What a turn costs. First countdown(), called in strides as the daemon calls
 * it, beside two loops written by hand: one with the same check on each turn,
 * and one without any check. Then the cost that a client asks for
 * beside the cost that it gets. The arms alternate; medians over many rounds.
 * It prints and does not judge.
 */
#include "daemon/countdown.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/clock.h"
#include "tests/bench/bench.h"

#define ROUNDS 101
#define TURNS UINT64_C(8000000)
#define PROGRESS_NS (10 * NS_PER_MS)

static _Atomic uint32_t attention;
static uint64_t stride;

static __attribute__((noinline, aligned(64))) void
loop_unchecked(uint64_t turns)
{
	while (turns > 0) {
		turns--;
		__asm__ volatile("" : "+r"(turns));
	}
}

static void
count_strides(uint64_t turns, uint32_t spins, uint64_t step)
{
	while (turns > 0) {
		uint64_t part = turns < step ? turns : step;

		turns -= part - countdown(part, spins, &attention);
	}
}

static void
arm_countdown(void)
{
	count_strides(TURNS, 0, stride);
}

static void
arm_checked(void)
{
	if (loop_checked(TURNS, &attention) != 0)
		abort();
}

static void
arm_unchecked(void)
{
	loop_unchecked(TURNS);
}

enum { ARM_COUNTDOWN, ARM_CHECKED, ARM_UNCHECKED, ARM_COUNT };

static void (*const arms[ARM_COUNT])(void) = {
    [ARM_COUNTDOWN] = arm_countdown,
    [ARM_CHECKED] = arm_checked,
    [ARM_UNCHECKED] = arm_unchecked,
};

static void
bench_arms(void)
{
	static double turn_ns[ARM_COUNT][ROUNDS];
	static double ratios[ROUNDS];
	double medians[ARM_COUNT];

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < ARM_COUNT; i++) {
			int arm = (round + i) % ARM_COUNT;
			uint64_t start_ns = clock_thread_cpu_ns();

			arms[arm]();
			turn_ns[arm][round] =
			    (double)(clock_thread_cpu_ns() - start_ns) /
			    (double)TURNS;
		}
		ratios[round] =
		    turn_ns[ARM_COUNTDOWN][round] / turn_ns[ARM_CHECKED][round];
	}
	for (int arm = 0; arm < ARM_COUNT; arm++)
		medians[arm] = median(turn_ns[arm], ROUNDS);
	printf("a bare turn, median of %d rounds of %llu turns\n", ROUNDS,
	    (unsigned long long)TURNS);
	printf(
	    "  countdown() in strides      %7.4f ns\n", medians[ARM_COUNTDOWN]);
	printf(
	    "  loop with the same check    %7.4f ns\n", medians[ARM_CHECKED]);
	printf(
	    "  loop without a check        %7.4f ns\n", medians[ARM_UNCHECKED]);
	printf("  countdown() / checked loop  %7.4f    (median of the rounds' "
	       "ratios %.4f; to be at most 1.05)\n",
	    medians[ARM_COUNTDOWN] / medians[ARM_CHECKED],
	    median(ratios, ROUNDS));
}

static void
bench_cost(const struct calibration *calibration, uint64_t cost_ns)
{
	enum { COST_ROUNDS = 31 };
	double turn_ns[COST_ROUNDS];
	uint32_t spins = countdown_spins(calibration, cost_ns);
	uint64_t turns = 2 * NS_PER_MS / cost_ns;
	uint64_t step = countdown_stride(calibration, spins, PROGRESS_NS);
	double got_ns;

	for (int round = 0; round < COST_ROUNDS; round++) {
		uint64_t start_ns = clock_thread_cpu_ns();

		count_strides(turns, spins, step);
		turn_ns[round] =
		    (double)(clock_thread_cpu_ns() - start_ns) / (double)turns;
	}
	got_ns = median(turn_ns, COST_ROUNDS);
	printf("  %6llu ns  %6u  %9.2f ns  %+6.1f %%\n",
	    (unsigned long long)cost_ns, spins, got_ns,
	    (got_ns / (double)cost_ns - 1) * 100);
}

int
main(void)
{
	static const uint64_t costs_ns[] = {1, 5, 10, 20, 50, 100, 1000};
	struct calibration calibration = countdown_calibrate();

	stride = countdown_stride(&calibration, 0, PROGRESS_NS);
	printf("calibrated: a turn %llu ps, a spin %llu ps; strides of %llu "
	       "turns\n\n",
	    (unsigned long long)calibration.turn_ps,
	    (unsigned long long)calibration.spin_ps,
	    (unsigned long long)stride);
	bench_arms();
	printf("\n  cost asked   spins     cost got     off\n");
	for (size_t i = 0; i < sizeof(costs_ns) / sizeof(costs_ns[0]); i++)
		bench_cost(&calibration, costs_ns[i]);
	return EXIT_SUCCESS;
}
