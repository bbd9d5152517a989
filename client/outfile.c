/*
 * Owns: files that gilctl makes. A temporary name is the file's own with a
 * random end, in the same folder, since a move between file systems is a copy.
 */
#include "client/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* With the rights that a new file has here, not those of mkstemp(). */
static int
make_temporary(struct outfile *file)
{
	mode_t mask = umask(0);
	int fd;

	umask(mask);
	if (asprintf(&file->temporary, "%s.XXXXXX", file->path) == -1) {
		file->temporary = NULL;
		return -1;
	}
	fd = mkostemp(file->temporary, O_CLOEXEC);
	if (fd == -1)
		return -1;
	file->stream = fdopen(fd, "w");
	if (file->stream == NULL || fchmod(fd, 0666 & ~mask) == -1) {
		int error = errno;

		unlink(file->temporary);
		if (file->stream != NULL)
			fclose(file->stream);
		else
			close(fd);
		errno = error;
		return -1;
	}
	return 0;
}

static void
forget(struct outfile *file)
{
	free(file->path);
	free(file->temporary);
	*file = (struct outfile){0};
}

int
outfile_open(struct outfile *file, const char *path)
{
	struct stat status;
	bool exists;
	int error;

	*file = (struct outfile){0};
	if (strcmp(path, "-") == 0) {
		file->stream = stdout;
		return 0;
	}
	exists = stat(path, &status) == 0;
	if (exists && !S_ISREG(status.st_mode)) {
		file->stream = fopen(path, "we");
		return file->stream == NULL ? -1 : 0;
	}
	/* Behind a symbolic link is the file to replace, not the link. */
	file->path = exists ? realpath(path, NULL) : strdup(path);
	if (file->path != NULL && make_temporary(file) == 0)
		return 0;
	error = errno;
	forget(file);
	errno = error;
	return -1;
}

/* Returns an error number. What fclose() says is said once. */
static int
finish_stream(FILE *stream)
{
	int error = 0;

	errno = 0;
	if (fflush(stream) == EOF || ferror(stream))
		error = errno != 0 ? errno : EIO;
	if (stream != stdout && fclose(stream) == EOF && error == 0)
		error = errno;
	return error;
}

int
outfile_commit(struct outfile *file)
{
	int error = finish_stream(file->stream);

	if (file->temporary != NULL) {
		if (error == 0 && rename(file->temporary, file->path) == -1)
			error = errno;
		if (error != 0)
			unlink(file->temporary);
	}
	forget(file);
	errno = error;
	return error == 0 ? 0 : -1;
}

void
outfile_abandon(struct outfile *file)
{
	if (file->stream != NULL && file->stream != stdout)
		fclose(file->stream);
	if (file->temporary != NULL)
		unlink(file->temporary);
	forget(file);
}
