/*
 * A disk for tests of the store: an SQLite VFS over the default one, and the
 * default one from disk_install() on. It refuses when it is told to, and it can
 * keep all that was written, to show what a power cut would have left. It never
 * waits for a real disk.
 */
#ifndef GILD_TESTS_UNIT_DISK_H
#define GILD_TESTS_UNIT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void disk_install(void);

/* --- refusing --- */

enum disk_fault {
	DISK_FULL,     /* writes, which are done by half */
	DISK_ERROR,    /* writes, truncations and syncs */
	DISK_READONLY, /* writes */
	DISK_FAULTS
};

/* The call of this kind that comes after n others fails: it alone, or (lasts)
 * all from then on. */
void disk_fail(enum disk_fault fault, uint64_t n, bool lasts);
void disk_heal(void);
/* Whether one has failed since disk_fail(). */
bool disk_has_failed(void);

/* --- remembering --- */

/* From here on, with no file written yet. */
void disk_record(void);
void disk_stop(void);
void disk_forget(void);
/* Something was promised to be on the disk. */
void disk_mark(void);

/* Calls that were recorded. */
size_t disk_n_calls(void);
bool disk_is_sync(size_t call);
/* Promises before that call. */
size_t disk_n_marks(size_t call);

/* What has become of writes that no sync followed. */
enum disk_rest {
	DISK_NONE, /* none of them */
	DISK_ALL,
	DISK_SOME, /* by chance, each 512 bytes on their own */
};

/* Writes the files to a folder as they are when the power fails just before
 * that call. Their names begin with path. */
void disk_rebuild(
    const char *path, size_t call, enum disk_rest rest, uint32_t seed);

#endif
