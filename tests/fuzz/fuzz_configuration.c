/*
 * The configuration: a file and what -o says beside it. What is refused is
 * refused in words that say where; what is taken is printed as a file (as
 * gild -t does) that is taken for the same. The next file is read as ever.
 *
 * An input is a file, and behind NULs, where there are any, up to MAX_OVERRIDES
 * texts as -o takes them; those without an = are passed over.
 */
#include "daemon/configuration.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define MAX_OVERRIDES 4

/* A file in memory, written anew for each input. */
struct file {
	int fd;
	char path[32];
};

static void
file_write(struct file *file, const char *name, const char *text, size_t size)
{
	if (file->path[0] == '\0') {
		file->fd = memfd_create(name, MFD_CLOEXEC);
		MUST(file->fd >= 0);
		snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d",
		    file->fd);
	}
	MUST(ftruncate(file->fd, 0) == 0);
	MUST(pwrite(file->fd, text, size, 0) == (ssize_t)size);
}

static size_t
count_lines(const char *text, size_t size)
{
	size_t n = 1;

	for (size_t i = 0; i < size; i++)
		n += text[i] == '\n';
	return n;
}

/* "PATH: ..." or "PATH:LINE: ...", with a line that the file has. */
static void
check_place(const char *error, const char *path, size_t n_lines)
{
	size_t length = strlen(path);
	unsigned long line;
	char *end;

	MUST(strlen(error) <= OPTIONS_ERROR_CHARS);
	MUST(strncmp(error, path, length) == 0 && error[length] == ':');
	error += length + 1;
	if (*error != ' ') {
		line = strtoul(error, &end, 10);
		MUST(end != error && strncmp(end, ": ", 2) == 0);
		/* One more: where it ends too early. */
		MUST(line >= 1 && line <= n_lines + 1);
		error = end + 1;
	}
	MUST(error[1] != '\0');
}

/* The file alone; an error of it names its place. */
static void
check_file(const char *path, size_t n_lines)
{
	char error[OPTIONS_ERROR_CHARS + 1] = "";
	struct settings settings;

	options_init(&settings);
	if (options_read_file(&settings, path, error) != 0)
		check_place(error, path, n_lines);
	else
		MUST(error[0] == '\0');
	settings_free(&settings);
}

/* To be freed. */
static char *
print_settings(const struct settings *settings, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	MUST(out != NULL);
	MUST(options_print(settings, out) == 0);
	MUST(fclose(out) == 0);
	return text;
}

static void
expect_same(struct settings *a, struct settings *b)
{
	MUST(a->n_listen == b->n_listen && a->n_pools == b->n_pools);
	for (size_t i = 0; i < a->n_listen; i++)
		MUST(strcmp(a->listen[i], b->listen[i]) == 0);
	/* Nobody but options.c asks what was written. */
	for (size_t i = 0; i < a->n_pools; i++)
		a->pools[i].given = b->pools[i].given = 0;
	MUST(memcmp(a->pools, b->pools, sizeof(a->pools[0]) * a->n_pools) == 0);
	MUST(a->allow_remote == b->allow_remote);
	MUST(a->sandbox == b->sandbox);
	MUST(strcmp(a->user, b->user) == 0);
}

static void
check_round_trip(struct settings *settings)
{
	static struct file file;
	const struct configuration configuration = {.file = file.path};
	char error[OPTIONS_ERROR_CHARS + 1] = "";
	struct settings again;
	size_t size, size_again;
	char *text = print_settings(settings, &size), *text_again;

	file_write(&file, "printed", text, size);
	if (configuration_read(&configuration, &again, error) != 0) {
		fprintf(stderr, "%s\n%s", error, text);
		MUST(!"what is printed can be read");
	}
	text_again = print_settings(&again, &size_again);
	MUST(size == size_again && memcmp(text, text_again, size) == 0);
	expect_same(settings, &again);
	settings_free(&again);
	free(text);
	free(text_again);
}

/* Whatever was read before, of which a reload knows nothing. */
static void
check_next_file(void)
{
	static const char text[] = "frontends = 7\n"
				   "pool \"a\" { kind = threads }\n";
	static struct file file;
	struct settings settings;
	char error[OPTIONS_ERROR_CHARS + 1] = "";

	if (file.path[0] == '\0')
		file_write(&file, "next", text, strlen(text));
	options_init(&settings);
	if (options_read_file(&settings, file.path, error) != 0) {
		fprintf(stderr, "%s\n", error);
		MUST(!"the next file is read");
	}
	MUST(settings.frontends == 7 && settings.n_pools == 1);
	settings_free(&settings);
}

/* Those behind the file's end, each with its NUL. */
static size_t
find_overrides(char *rest, const char *end, char *overrides[MAX_OVERRIDES])
{
	size_t n = 0;

	for (; rest < end && n < MAX_OVERRIDES; rest += strlen(rest) + 1) {
		if (strchr(rest, '=') != NULL)
			overrides[n++] = rest;
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct file file;
	char *overrides[MAX_OVERRIDES], error[OPTIONS_ERROR_CHARS + 1] = "";
	struct configuration configuration = {.overrides = overrides};
	struct settings settings;
	char *text = malloc(size + 1);
	size_t length;

	MUST(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	length = strlen(text);
	file_write(&file, "configuration", text, length);
	check_file(file.path, count_lines(text, length));
	check_next_file();
	configuration.file = file.path;
	configuration.n_overrides =
	    find_overrides(text + length + 1, text + size, overrides);
	if (configuration_read(&configuration, &settings, error) == 0) {
		check_round_trip(&settings);
		settings_free(&settings);
	} else {
		MUST(error[0] != '\0');
	}
	free(text);
	return 0;
}
