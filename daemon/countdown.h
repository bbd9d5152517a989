/*
 * The countdown: the CPU-bound work that gild measures. One turn is one
 * decrement and, with `spins` > 0, so many links of a chain of dependent
 * multiplications, which imitates an interpreter's work on one bytecode. Each
 * turn passes a safepoint: one load and test of the attention word. The work
 * is fixed in turns and spins; it never asks a clock.
 */
#ifndef GILD_DAEMON_COUNTDOWN_H
#define GILD_DAEMON_COUNTDOWN_H

#include <stdatomic.h>
#include <stdint.h>

/* How fast this machine counts, measured once by the master. */
struct calibration {
	uint64_t turn_ps; /* a bare turn, in picoseconds */
	uint64_t spin_ps; /* one spin */
};

/*
 * Counts down from turns until 0, or until *attention is not 0 at a safepoint.
 * Returns the turns left. Does not change *attention.
 */
uint64_t countdown(
    uint64_t turns, uint32_t spins, const _Atomic uint32_t *attention);

/*
 * Measures this machine: the least of several short runs, some 30 ms in all.
 */
struct calibration countdown_calibrate(void);

/* How many spins make a turn cost cost_ns, a bare turn included. */
uint32_t countdown_spins(
    const struct calibration *calibration, uint64_t cost_ns);

/*
 * How many turns take about target_ns: how often a countdown comes up for air
 * to publish its progress. At least 1.
 */
uint64_t countdown_stride(
    const struct calibration *calibration, uint32_t spins, uint64_t target_ns);

/*
 * About how long so many turns take on a CPU of their own. What takes longer
 * than half a year is said to take that.
 */
uint64_t countdown_duration_ns(
    const struct calibration *calibration, uint64_t turns, uint32_t spins);

#endif
