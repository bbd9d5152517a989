/*
 * A gild with libgildfaults.so, for end-to-end tests: started with rules
 * (rules.c has their grammar), which are armed, changed and counted while it
 * runs. For the body of a Check test; what goes wrong fails the test.
 */
#ifndef GILD_TESTS_FAULTS_STEER_H
#define GILD_TESTS_FAULTS_STEER_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/e2e/harness.h"

/* What a test program exits with that was skipped. */
#define SKIPPED 77

/* False under a sanitizer, whose runtime wants to be the first library. */
bool faults_are_possible(void);

/* The next programs that are started get these rules; NULL: none any more. */
void faults_set(const char *rules);

/* Rule number i from now on: the calls number n to n + count - 1 fail. Both are
 * counted anew; 0 is no end. */
void faults_arm(unsigned i, uint64_t n, uint64_t count);
/* Lets all through again. Returns how many calls have failed. */
uint64_t faults_disarm(unsigned i);
/* How many have failed. */
uint64_t faults_count(unsigned i);
void faults_await(unsigned i, uint64_t n);

/*
 * Starts a gild whose call number n fails by this rule, the only one. Whether
 * it got ready; then it was told to end, and did. Else it has ended by itself,
 * with exit status 1, and nothing is left of it.
 */
bool faults_start(const char *rule, uint64_t n);

#endif
