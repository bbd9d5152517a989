/*
 * What libgildfaults.so and a test that steers it share: the state of the
 * rules, in a file that both map (GILD_FAULTS_STATE). Who sets `is_armed` last,
 * with release order, has the other fields seen as he left them.
 */
#ifndef GILD_TESTS_FAULTS_FAULTS_H
#define GILD_TESTS_FAULTS_FAULTS_H

#include <stdatomic.h>
#include <stdint.h>

#define FAULTS_MAX_RULES 16

struct fault_rule_state {
	_Atomic uint32_t is_armed; /* else its calls are not even counted */
	_Atomic uint64_t from;	   /* the first call that fails, from 1 on */
	_Atomic uint64_t every;	   /* and from then on each such one */
	_Atomic uint64_t count;	   /* how many fail; 0: no end */
	_Atomic uint64_t seen;	   /* calls that the rule is about */
	_Atomic uint64_t failed;   /* those of them that did */
};

struct faults_state {
	struct fault_rule_state rules[FAULTS_MAX_RULES];
};

#endif
