/*
 * The CPU time of a process of this machine and of its children: of a gild, and
 * so of all that it does.
 */
#ifndef GILD_CLIENT_FAMILY_H
#define GILD_CLIENT_FAMILY_H

#include <stdint.h>
#include <sys/types.h>

/* What one line of /proc/PID/stat says: proc_pid_stat(5). */
struct family_member {
	char name[32]; /* of the program, as the kernel shortens it */
	pid_t parent;
	uint64_t ticks; /* CPU time, with that of children it has waited for */
};

/* 0, or -1: it is not written so. Pure. */
int family_parse(const char *stat, struct family_member *member)
    __attribute__((warn_unused_result));

/*
 * The time that process pid, its children and those that it has outlived have
 * had since each began. 0, or -1: there is no such process here, or its program
 * is not called so.
 */
int family_cpu_ns(pid_t pid, const char *name, uint64_t *cpu_ns)
    __attribute__((warn_unused_result));

#endif
