/* Processes that work for this one, and end with it. */
#ifndef GILD_TESTS_BENCH_PEERS_CREW_H
#define GILD_TESTS_BENCH_PEERS_CREW_H

/*
 * Forks n processes that call work(arg), which does not return; comes back once
 * each of them has called crew_is_ready(). Ends the program where one ends
 * instead. This process is to end with the one that started it.
 */
void crew_start(unsigned n, void (*work)(void *arg), void *arg);
void crew_is_ready(void);

/* Waits for one of them to end, which none does in good order, and ends. */
void crew_await_end(void) __attribute__((noreturn));

#endif
