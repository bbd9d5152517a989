/*
 * The names and the permissions of the store's file, and of those that SQLite
 * keeps beside it. The process that has the store open runs it, and no SQLite.
 */
#include "daemon/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The file itself comes first. */
static const char *const suffixes[] = {"", "-wal", "-journal", "-shm"};
#define N_SUFFIXES (sizeof(suffixes) / sizeof(suffixes[0]))

/* New names last a power cut only with the directory on the disk. */
static int
sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = strndup(path, (size_t)(slash - path) + 1);
	int fd = -1, rc = -1;

	if (directory != NULL)
		fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		/* Not all file systems know how to. */
		rc = fsync(fd) == 0 || errno == EINVAL ? 0 : -1;
		close(fd);
	}
	free(directory);
	return rc;
}

/* Closing a file gives up a process's locks on it, so only a new one is. */
int
store_file_create(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	close(fd);
	return sync_directory(path);
}

/* Whether there is one, of whatever kind. */
static bool
is_there(const char *path, const char *suffix)
{
	char *name;
	bool is_found;

	if (asprintf(&name, "%s%s", path, suffix) < 0)
		return false;
	is_found = faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	free(name);
	return is_found;
}

static bool
is_any_there(const char *path)
{
	for (size_t i = 0; i < N_SUFFIXES; i++) {
		if (is_there(path, suffixes[i]))
			return true;
	}
	return false;
}

bool
store_file_is_lost(const char *path)
{
	return !is_there(path, "") && is_any_there(path);
}

static int
move(const char *path, const char *aside, const char *suffix)
{
	char *from = NULL, *to = NULL;
	int rc = -1;

	if (asprintf(&from, "%s%s", path, suffix) < 0)
		from = NULL;
	else if (asprintf(&to, "%s%s", aside, suffix) < 0)
		to = NULL;
	else if (rename(from, to) == 0 || errno == ENOENT)
		rc = 0;
	free(from);
	free(to);
	return rc;
}

/* By the time in UTC, and a number where that name is taken. */
static char *
find_name(const char *path)
{
	time_t now = time(NULL);
	char stamp[32], number[16] = "", *name;
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
	for (int i = 2;; i++) {
		if (asprintf(&name, "%s.damaged-%s%s", path, stamp, number) < 0)
			return NULL;
		if (!is_any_there(name))
			return name;
		free(name);
		snprintf(number, sizeof(number), "-%d", i);
	}
}

/*
 * Should the power fail halfway, the file has gone before its log: what is then
 * left is found to be lost, and set aside as well.
 */
char *
store_file_set_aside(const char *path)
{
	char *name = find_name(path);
	int rc = name != NULL ? 0 : -1;

	for (size_t i = 0; i < N_SUFFIXES && rc == 0; i++)
		rc = move(path, name, suffixes[i]);
	if (rc == 0)
		rc = sync_directory(path);
	if (rc != 0) {
		free(name);
		return NULL;
	}
	return name;
}
