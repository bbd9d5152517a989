/* What gild_tripping and the test that runs it have to agree on. */
#ifndef GILD_TESTS_E2E_TRIPPING_H
#define GILD_TESTS_E2E_TRIPPING_H

/* The turns of a task whose executor misbehaves. */
#define FAULT_COUNT 666013

#endif
