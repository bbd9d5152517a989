/*
 * The disk of the store's tests. One store at a time uses it. Reads, locks and
 * names are the real VFS's, which has the files. All failures are those of a
 * test: it asserts.
 */
#include "tests/unit/disk.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEAR_BYTES 512

/* The files of a store. */
static const char *const suffixes[] = {"", "-wal", "-journal"};
#define N_FILES (sizeof(suffixes) / sizeof(suffixes[0]))

enum call_kind {
	CALL_CREATE,
	CALL_WRITE,
	CALL_TRUNCATE,
	CALL_DELETE,
	CALL_SYNC,
	CALL_MARK
};

struct call {
	enum call_kind kind;
	size_t file;
	size_t offset; /* of a write; a truncation's size */
	size_t size;
	unsigned char *data;
	bool has_directory; /* of a sync or a deletion: its entry too */
};

static struct {
	enum disk_fault fault;
	bool is_armed;
	bool lasts;
	bool has_failed;
	uint64_t n_left;
	bool is_recording;
	struct call *calls;
	size_t n_calls;
	size_t room;
} disk;

static sqlite3_vfs *real;

struct disk_file {
	sqlite3_file base;
	size_t file;
	bool is_new; /* a sync is to bring its name to the disk as well */
	sqlite3_file *real;
};

/* --- refusing --- */

void
disk_fail(enum disk_fault fault, uint64_t n, bool lasts)
{
	disk.fault = fault;
	disk.n_left = n;
	disk.lasts = lasts;
	disk.is_armed = true;
	disk.has_failed = false;
}

void
disk_heal(void)
{
	disk.is_armed = false;
}

bool
disk_has_failed(void)
{
	return disk.has_failed;
}

/* Whether this call, which the fault concerns, fails. */
static bool
fails(bool is_write)
{
	if (!disk.is_armed || (disk.fault != DISK_ERROR && !is_write))
		return false;
	if (disk.n_left > 0) {
		disk.n_left--;
		return false;
	}
	if (disk.has_failed && !disk.lasts)
		return false;
	disk.has_failed = true;
	return true;
}

/* --- remembering --- */

static void
remember(struct call call, const void *data)
{
	if (!disk.is_recording)
		return;
	if (disk.n_calls == disk.room) {
		disk.room = disk.room * 2 + 64;
		disk.calls =
		    realloc(disk.calls, disk.room * sizeof(*disk.calls));
		ck_assert_ptr_nonnull(disk.calls);
	}
	if (data != NULL) {
		call.data = malloc(call.size);
		ck_assert_ptr_nonnull(call.data);
		memcpy(call.data, data, call.size);
	}
	disk.calls[disk.n_calls++] = call;
}

void
disk_record(void)
{
	disk_forget();
	disk.is_recording = true;
}

void
disk_stop(void)
{
	disk.is_recording = false;
}

void
disk_forget(void)
{
	for (size_t i = 0; i < disk.n_calls; i++)
		free(disk.calls[i].data);
	free(disk.calls);
	disk.calls = NULL;
	disk.n_calls = disk.room = 0;
	disk.is_recording = false;
}

void
disk_mark(void)
{
	remember((struct call){.kind = CALL_MARK}, NULL);
}

size_t
disk_n_calls(void)
{
	return disk.n_calls;
}

bool
disk_is_sync(size_t call)
{
	return disk.calls[call].kind == CALL_SYNC;
}

size_t
disk_n_marks(size_t call)
{
	size_t n = 0;

	for (size_t i = 0; i < call; i++)
		n += disk.calls[i].kind == CALL_MARK;
	return n;
}

/* --- what a power cut leaves --- */

struct image {
	bool is_there;
	bool is_lost; /* the file of this name is an earlier one */
	unsigned char *bytes;
	size_t size;
};

static void
image_resize(struct image *image, size_t size)
{
	image->bytes = realloc(image->bytes, size > 0 ? size : 1);
	ck_assert_ptr_nonnull(image->bytes);
	if (size > image->size)
		memset(image->bytes + image->size, 0, size - image->size);
	image->size = size;
}

static void
image_write(struct image *image, const struct call *call, size_t from, size_t n)
{
	size_t end = call->offset + from + n;

	if (end > image->size)
		image_resize(image, end);
	memcpy(image->bytes + call->offset + from, call->data + from, n);
}

static void
image_apply(struct image *image, const struct call *call)
{
	switch (call->kind) {
	case CALL_CREATE:
		image->is_there = true;
		break;
	case CALL_WRITE:
		image_write(image, call, 0, call->size);
		break;
	case CALL_TRUNCATE:
		image_resize(image, call->offset);
		break;
	case CALL_DELETE:
		image->is_there = false;
		image_resize(image, 0);
		break;
	default:
		break;
	}
}

/* One in n. */
static bool
chance(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 16) % n == 0;
}

static void
image_tear(struct image *image, const struct call *call, uint32_t *seed)
{
	for (size_t i = 0; i < call->size; i += TEAR_BYTES) {
		size_t left = call->size - i;

		if (chance(seed, 2))
			image_write(image, call, i,
			    left < TEAR_BYTES ? left : TEAR_BYTES);
	}
}

/* A call that no sync has followed. */
static void
image_apply_rest(struct image *image, const struct call *call,
    enum disk_rest rest, uint32_t *seed)
{
	bool is_done =
	    rest == DISK_ALL || (rest == DISK_SOME && chance(seed, 2));

	if (is_done)
		image_apply(image, call);
	else if (rest == DISK_SOME && call->kind == CALL_WRITE)
		image_tear(image, call, seed);
	else if (call->kind == CALL_DELETE)
		image->is_lost = true;
}

static void
image_save(const struct image *image, const char *path, const char *suffix)
{
	char name[200];
	FILE *file;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	unlink(name);
	if (!image->is_there)
		return;
	file = fopen(name, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(
	    fwrite(image->bytes, 1, image->size, file), image->size);
	ck_assert_int_eq(fclose(file), 0);
}

/* How many calls are on the disk for good: those before the last sync. */
static size_t
find_synced(size_t file, size_t before)
{
	while (before > 0 &&
	    (disk.calls[before - 1].kind != CALL_SYNC ||
		disk.calls[before - 1].file != file))
		before--;
	return before;
}

/* The same for names, of whichever file. */
static size_t
find_directory_synced(size_t before)
{
	while (before > 0 && !disk.calls[before - 1].has_directory)
		before--;
	return before;
}

void
disk_rebuild(const char *path, size_t call, enum disk_rest rest, uint32_t seed)
{
	size_t names = find_directory_synced(call);

	for (size_t file = 0; file < N_FILES; file++) {
		/* The store makes its file itself, before SQLite sees it. */
		struct image image = {.is_there = file == 0};
		size_t contents = find_synced(file, call);

		image_resize(&image, 0);
		for (size_t i = 0; i < call; i++) {
			const struct call *done = &disk.calls[i];
			bool is_name = done->kind == CALL_CREATE ||
			    done->kind == CALL_DELETE;

			if (done->file != file || image.is_lost)
				continue;
			if (i < (is_name ? names : contents))
				image_apply(&image, done);
			else
				image_apply_rest(&image, done, rest, &seed);
		}
		image_save(&image, path, suffixes[file]);
		free(image.bytes);
	}
}

/* --- the VFS --- */

static size_t
file_of(const char *name)
{
	size_t length = strlen(name);

	for (size_t file = 1; file < N_FILES; file++) {
		size_t n = strlen(suffixes[file]);

		if (length > n &&
		    strcmp(name + length - n, suffixes[file]) == 0)
			return file;
	}
	return 0;
}

static sqlite3_file *
real_of(sqlite3_file *base)
{
	return ((struct disk_file *)base)->real;
}

static size_t
number_of(sqlite3_file *base)
{
	return ((struct disk_file *)base)->file;
}

static int
file_close(sqlite3_file *base)
{
	return real_of(base)->pMethods->xClose(real_of(base));
}

static int
file_read(sqlite3_file *base, void *bytes, int n, sqlite3_int64 offset)
{
	return real_of(base)->pMethods->xRead(real_of(base), bytes, n, offset);
}

static int
file_write(sqlite3_file *base, const void *bytes, int n, sqlite3_int64 offset)
{
	static const int codes[DISK_FAULTS] = {
	    [DISK_FULL] = SQLITE_FULL,
	    [DISK_ERROR] = SQLITE_IOERR_WRITE,
	    [DISK_READONLY] = SQLITE_READONLY,
	};
	int code = SQLITE_OK, rc;

	if (fails(true)) {
		code = codes[disk.fault];
		if (disk.fault != DISK_FULL)
			return code;
		n /= 2;
	}
	remember((struct call){.kind = CALL_WRITE,
		     .file = number_of(base),
		     .offset = (size_t)offset,
		     .size = (size_t)n},
	    bytes);
	rc = real_of(base)->pMethods->xWrite(real_of(base), bytes, n, offset);
	return code != SQLITE_OK ? code : rc;
}

static int
file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	if (fails(false))
		return SQLITE_IOERR_TRUNCATE;
	remember((struct call){.kind = CALL_TRUNCATE,
		     .file = number_of(base),
		     .offset = (size_t)size},
	    NULL);
	return real_of(base)->pMethods->xTruncate(real_of(base), size);
}

static int
file_sync(sqlite3_file *base, int flags)
{
	struct disk_file *synced = (struct disk_file *)base;

	(void)flags;
	if (fails(false))
		return SQLITE_IOERR_FSYNC;
	remember((struct call){.kind = CALL_SYNC,
		     .file = synced->file,
		     .has_directory = synced->is_new},
	    NULL);
	synced->is_new = false;
	return SQLITE_OK;
}

static int
file_size(sqlite3_file *base, sqlite3_int64 *size)
{
	return real_of(base)->pMethods->xFileSize(real_of(base), size);
}

static int
file_lock(sqlite3_file *base, int level)
{
	return real_of(base)->pMethods->xLock(real_of(base), level);
}

static int
file_unlock(sqlite3_file *base, int level)
{
	return real_of(base)->pMethods->xUnlock(real_of(base), level);
}

static int
file_check_reserved(sqlite3_file *base, int *answer)
{
	return real_of(base)->pMethods->xCheckReservedLock(
	    real_of(base), answer);
}

static int
file_control(sqlite3_file *base, int operation, void *arg)
{
	return real_of(base)->pMethods->xFileControl(
	    real_of(base), operation, arg);
}

static int
file_sector_size(sqlite3_file *base)
{
	return real_of(base)->pMethods->xSectorSize(real_of(base));
}

static int
file_characteristics(sqlite3_file *base)
{
	return real_of(base)->pMethods->xDeviceCharacteristics(real_of(base));
}

/* Version 1: no shared memory, which a store of one process does without. */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
};

static int
disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
    int *out_flags)
{
	struct disk_file *opened = (struct disk_file *)base;
	int exists = 1, rc;

	(void)vfs;
	/* No statement of the store needs a file that has no name. */
	ck_assert_ptr_nonnull(name);
	*opened = (struct disk_file){
	    .file = file_of(name),
	    .is_new = (flags & SQLITE_OPEN_CREATE) != 0,
	    .real = (sqlite3_file *)(opened + 1),
	};
	real->xAccess(real, name, SQLITE_ACCESS_EXISTS, &exists);
	rc = real->xOpen(real, name, opened->real, flags, out_flags);
	if (rc != SQLITE_OK)
		return rc;
	base->pMethods = &methods;
	if (!exists)
		remember(
		    (struct call){.kind = CALL_CREATE, .file = opened->file},
		    NULL);
	return SQLITE_OK;
}

static int
disk_delete(sqlite3_vfs *vfs, const char *name, int is_durable)
{
	(void)vfs;
	if (fails(false))
		return SQLITE_IOERR_DELETE;
	remember((struct call){.kind = CALL_DELETE,
		     .file = file_of(name),
		     .has_directory = is_durable != 0},
	    NULL);
	return real->xDelete(real, name, 0);
}

void
disk_install(void)
{
	static sqlite3_vfs vfs;

	if (real != NULL)
		return;
	real = sqlite3_vfs_find(NULL);
	ck_assert_ptr_nonnull(real);
	vfs = *real;
	vfs.zName = "disk";
	vfs.pNext = NULL;
	vfs.szOsFile += (int)sizeof(struct disk_file);
	vfs.xOpen = disk_open;
	vfs.xDelete = disk_delete;
	ck_assert_int_eq(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}
