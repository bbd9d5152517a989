/*
 * The grammar of a thread's events, as proto/lockevent.h has it: which event
 * may follow what was before. Pure.
 */
#ifndef GILD_TESTS_TRACE_GRAMMAR_H
#define GILD_TESTS_TRACE_GRAMMAR_H

#include <stdbool.h>

#include "proto/lockevent.h"

/* Where a thread stands in the grammar. */
enum phase {
	PHASE_UNKNOWN, /* events were lost, or it was not heard of */
	PHASE_IDLE,    /* without a task */
	PHASE_TO_ASK,  /* a REQUEST is next */
	PHASE_ASKED,
	PHASE_WOKEN,
	PHASE_SENT, /* a drop request: it sleeps again */
	PHASE_HOLDS,
	PHASE_LEFT,	 /* released; what follows depends on the reason */
	PHASE_SWITCHING, /* waits for a switch */
	PHASE_SWITCHED,
	PHASE_NATIVE,
	PHASE_IO,
};

/* reason: of the thread's last release. */
bool grammar_allows(
    enum phase phase, enum lock_release reason, enum lock_event_kind kind);

/*
 * Where an event leaves its thread. One that does not tell what came before it,
 * and on which depends what may come next, leaves a thread unknown.
 */
enum phase grammar_next(enum phase phase, enum lock_event_kind kind);

#endif
