/*
 * A main for the fuzz targets where there is no libFuzzer: runs the target on
 * each file that is named, and on each file of each folder that is named.
 * Arguments that begin with '-' are libFuzzer's options and are passed over,
 * so that one command line serves both.
 *
 * Names each input before it runs, so that one that aborts is known, and says
 * at the end how many there were. Fails when there is nothing to run: an empty
 * folder, or none.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int
replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	struct stat status;
	size_t size;
	int rc = -1;

	if (file == NULL || fstat(fileno(file), &status) != 0)
		goto out;
	size = (size_t)status.st_size;
	/* Just as much as is needed: the sanitizer sees a step beyond it. */
	data = malloc(size > 0 ? size : 1);
	if (data == NULL || fread(data, 1, size, file) != size)
		goto out;
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, size);
	rc = 0;
out:
	if (rc != 0)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	free(data);
	if (file != NULL)
		fclose(file);
	return rc;
}

/* How many inputs ran, or -1. */
static int
replay_folder(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort), n_run = 0;
	char file[4096];

	if (n < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && n_run >= 0)
			n_run = replay_file(file) == 0 ? n_run + 1 : -1;
		free(entries[i]);
	}
	free(entries);
	if (n_run == 0) {
		fprintf(stderr, "%s: holds no input\n", path);
		return -1;
	}
	return n_run;
}

int
main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		struct stat status;
		int n_run = 1;

		if (argv[i][0] == '-')
			continue;
		if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode))
			n_run = replay_folder(argv[i]);
		else if (replay_file(argv[i]) != 0)
			n_run = -1;
		if (n_run < 0)
			return EXIT_FAILURE;
		total += n_run;
	}
	if (total == 0) {
		fprintf(stderr, "usage: %s FILE-OR-FOLDER...\n", argv[0]);
		return EXIT_FAILURE;
	}
	printf("%s: %d inputs, all fine\n", argv[0], total);
	return EXIT_SUCCESS;
}
