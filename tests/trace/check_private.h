/* The inside of the checker, for check.c and check_result.c. */
#ifndef GILD_TESTS_TRACE_CHECK_PRIVATE_H
#define GILD_TESTS_TRACE_CHECK_PRIVATE_H

#include "tests/trace/check.h"
#include "tests/trace/grammar.h"

#define BREACH_CHARS 255

struct task_account {
	struct lock_label label;
	struct lock_record record;
	struct lock_blame blame;
	uint64_t ns; /* from its start to its end */
	bool is_certain;
};

struct lane {
	enum phase phase;
	uint64_t time_ns; /* of its last event */
	uint16_t domain;
	uint8_t reason; /* of its last release */

	/* Its wait, from PHASE_ASKED to PHASE_SENT. */
	bool is_waiter;	   /* the lock was not free */
	uint64_t asked_ns; /* with asked_number, the place in the queue */
	uint64_t asked_number;
	uint64_t overtaken;
	uint64_t releases; /* since it asked */

	uint64_t tenure_start_ns;
	uint64_t away_ns; /* since when it waits for a switch, counts
				  * natively or sleeps */
	bool is_in_battle;
	bool has_obeyed; /* a drop request, and it is not known how it ends */

	bool has_task; /* seen from its start, nothing lost since */
	uint64_t start_ns;
	struct task_account task;
};

struct domain {
	bool is_known;	   /* what is below, but for the request */
	uint16_t holder;   /* or LOCK_NO_THREAD */
	uint16_t previous; /* the last one to acquire it */
	bool has_previous_ended;
	uint64_t freed_ns;
	uint16_t newcomer; /* found it free: its event is next */
	uint16_t leaver;   /* the last waiter has gone: a WITHDRAW is next */

	bool has_request;
	uint64_t requested_ns;
};

struct check {
	struct check_rules rules;
	struct check_figures figures;
	uint64_t next_number;
	bool is_certain; /* from number 0, and nothing is lost */
	struct lane *lanes;
	size_t n_lanes;
	struct domain *domains;
	size_t n_domains;
	struct task_account *tasks; /* that ended */
	size_t n_tasks;
	const struct lock_event *event; /* at hand; or NULL */
	char breaches[CHECK_MAX_BREACHES][BREACH_CHARS + 1];
};

/* Tells what is wrong, with the event at hand, if there is one. */
void check_complain(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
