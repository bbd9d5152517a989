/*
 * Whether a call is to fail: the rules of GILD_FAULTS, in every process of a
 * gild. Nothing here allocates, and no call here is one that fails.
 */
#ifndef GILD_TESTS_FAULTS_RULES_H
#define GILD_TESTS_FAULTS_RULES_H

#include <stddef.h>
#include <sys/types.h>

#define FAIL_SHORT (-1) /* beside the errnos */

enum family {
	CALL_FORK,
	CALL_READ,
	CALL_WRITE,
	CALL_MMAP,
	CALL_ACCEPT,
	CALL_MALLOC,
	CALL_FSYNC,
	CALL_FTRUNCATE,
	CALL_OPEN,
	CALL_DESCRIPTOR,
	CALL_WAIT,
	N_FAMILIES
};

/*
 * Counts a call: 0 to let it through, FAIL_SHORT for one byte of it, else it
 * fails, and errno is set. fd and path may be -1 and NULL.
 */
int rules_judge(enum family family, int fd, const char *path);
/* How many of so many bytes: -1 for none, with errno set. */
ssize_t rules_allow(enum family family, int fd, size_t size);

/* The process has this name from now on (PR_SET_NAME). */
void rules_set_name(const char *name);
/* It is a new one: what is counted for each begins anew. */
void rules_begin_process(void);

#endif
