/*
 * What a dead executor leaves behind: the tasks that its seat names. Each goes
 * back into its pool's queue, or to its frontend, exactly once; as failed, if
 * it ran and has no attempt left.
 */
#ifndef GILD_DAEMON_RECOVERY_H
#define GILD_DAEMON_RECOVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/generation.h"

struct recovery {
	const struct generation *generation;
	/* Tickets whose queue had no room, to be tried again. Each is of
	 * another slot, so there are never more than slots. */
	struct stray {
		uint32_t ticket;
		bool is_ended; /* back to its frontend, not to its pool */
	} * strays;
	size_t n_strays;
};

/* 0, or -1 (errno is set). */
int recovery_init(struct recovery *recovery,
    const struct generation *generation) __attribute__((warn_unused_result));
void recovery_free(struct recovery *recovery);

/*
 * Empties the seat of an executor of process pid, which is dead for certain
 * (reaped) with this wait status.
 */
void recovery_empty_seat(
    struct recovery *recovery, struct seat *seat, pid_t pid, int status);

/* Tries the strays again. True when none is left. */
bool recovery_push_strays(struct recovery *recovery);

#endif
