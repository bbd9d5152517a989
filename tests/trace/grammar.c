/* Owns: what may follow what. */
#include "tests/trace/grammar.h"

/* What comes after a release, and the switch wait that may be between. */
static enum lock_event_kind
kind_after_release(enum lock_release reason)
{
	switch (reason) {
	case LOCK_RELEASE_NATIVE:
		return LOCK_NATIVE_START;
	case LOCK_RELEASE_IO:
		return LOCK_IO_START;
	case LOCK_RELEASE_FINAL:
	case LOCK_RELEASE_CANCELLED:
		return LOCK_TASK_END;
	default:
		return LOCK_REQUEST;
	}
}

static bool
may_wait_for_switch(enum lock_release reason)
{
	return reason == LOCK_RELEASE_REQUESTED ||
	    reason == LOCK_RELEASE_NATIVE || reason == LOCK_RELEASE_IO;
}

bool
grammar_allows(
    enum phase phase, enum lock_release reason, enum lock_event_kind kind)
{
	switch (phase) {
	case PHASE_UNKNOWN:
		return true;
	case PHASE_IDLE:
		return kind == LOCK_TASK_START;
	case PHASE_TO_ASK:
		return kind == LOCK_REQUEST;
	case PHASE_ASKED:
		return kind == LOCK_ACQUIRE || kind == LOCK_WAKE ||
		    kind == LOCK_TASK_END;
	case PHASE_WOKEN:
		return kind == LOCK_ACQUIRE || kind == LOCK_WAKE ||
		    kind == LOCK_TASK_END || kind == LOCK_DROP_REQUEST;
	case PHASE_SENT:
		return kind == LOCK_WAKE;
	case PHASE_HOLDS:
		return kind == LOCK_RELEASE || kind == LOCK_WITHDRAW;
	case PHASE_LEFT:
		return kind == kind_after_release(reason) ||
		    (kind == LOCK_SWITCH_WAIT_START &&
			may_wait_for_switch(reason));
	case PHASE_SWITCHING:
		return kind == LOCK_SWITCH_WAIT_END;
	case PHASE_SWITCHED:
		return kind == kind_after_release(reason);
	case PHASE_NATIVE:
		return kind == LOCK_NATIVE_END;
	case PHASE_IO:
		return kind == LOCK_IO_END;
	}
	return false;
}

enum phase
grammar_next(enum phase phase, enum lock_event_kind kind)
{
	static const enum phase phases[LOCK_EVENT_KINDS] = {
	    [LOCK_TASK_START] = PHASE_TO_ASK,
	    [LOCK_TASK_END] = PHASE_IDLE,
	    [LOCK_REQUEST] = PHASE_ASKED,
	    [LOCK_WAKE] = PHASE_WOKEN,
	    [LOCK_DROP_REQUEST] = PHASE_SENT,
	    [LOCK_WITHDRAW] = PHASE_HOLDS,
	    [LOCK_ACQUIRE] = PHASE_HOLDS,
	    [LOCK_RELEASE] = PHASE_LEFT,
	    [LOCK_SWITCH_WAIT_START] = PHASE_SWITCHING,
	    [LOCK_SWITCH_WAIT_END] = PHASE_SWITCHED,
	    [LOCK_NATIVE_START] = PHASE_NATIVE,
	    [LOCK_NATIVE_END] = PHASE_TO_ASK,
	    [LOCK_IO_START] = PHASE_IO,
	    [LOCK_IO_END] = PHASE_TO_ASK,
	};

	if (phase == PHASE_UNKNOWN &&
	    (kind == LOCK_WAKE || kind == LOCK_DROP_REQUEST ||
		kind == LOCK_SWITCH_WAIT_START || kind == LOCK_SWITCH_WAIT_END))
		return PHASE_UNKNOWN;
	return phases[kind];
}
