/*
 * What every fuzz target has: the function that libFuzzer, or replay_main.c,
 * calls with one input after another, and a way to say what must hold.
 */
#ifndef GILD_TESTS_FUZZ_FUZZ_H
#define GILD_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Returns 0. Aborts where an invariant is broken. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert() this is there in every build. */
#define MUST(condition)                                                  \
	do {                                                             \
		if (!(condition)) {                                      \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, \
			    __LINE__, #condition);                       \
			abort();                                         \
		}                                                        \
	} while (0)

#endif
