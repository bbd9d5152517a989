/*
 * Processes and time, for end-to-end tests. It runs in the process that Check
 * forks for a test.
 *
 * That process makes itself the reaper of its descendants: when a master has
 * ended, whoever it left behind becomes our child and is found in /proc.
 * SIGCHLD stays blocked here, so that sigtimedwait() is a wait for the end of
 * a process that has a deadline.
 */
#include "config.h"

#include "tests/e2e/process.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_RUNS 256

static struct run *runs[MAX_RUNS]; /* so that they are not leaks */
static size_t n_runs;
static pid_t *spawned;
static size_t n_spawned;
static char scratch_base[64]; /* of all tests of this program */
static char scratch[96];      /* of this test */
static void (*show_file)(const char *path);
static struct {
	const int *fds;
	size_t n;
	const char *names;
} to_pass; /* to the next program */

int
test_scale(void)
{
	const char *text = getenv("GILD_TEST_SCALE");
	int scale = text != NULL ? atoi(text) : 1;

	return scale > 0 ? scale : 1;
}

int
deadline_ms(void)
{
	return 20000 * test_scale();
}

int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
ms_until(int64_t end_ms)
{
	int64_t left = end_ms - now_ms();

	return left > 0 ? (int)left : 0;
}

void *
grow(void *memory, size_t bytes)
{
	void *grown = realloc(memory, bytes);

	ck_assert_ptr_nonnull(grown);
	return grown;
}

char *
read_file(const char *path)
{
	char *text = NULL;
	size_t len = 0, room = 0, n;
	FILE *file = fopen(path, "re");

	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	do {
		if (room - len < 4096) {
			room = room * 2 + 8192;
			text = grow(text, room);
		}
		n = fread(text + len, 1, room - len - 1, file);
		len += n;
	} while (n > 0);
	fclose(file);
	text[len] = '\0';
	return text;
}

static int
remove_entry(
    const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat, (void)type, (void)ftw;
	return remove(path);
}

static void
remove_scratch(int status, void *unused)
{
	(void)unused;
	if (status != 0)
		return;
	if (scratch[0] != '\0')
		nftw(scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Before the first child: this process reaps, and knows of each end. */
static void
begin_test(void)
{
	static bool has_begun;
	sigset_t set;

	if (has_begun)
		return;
	has_begun = true;
	prctl(PR_SET_CHILD_SUBREAPER, 1L);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	on_exit(remove_scratch, NULL);
}

bool
scratch_open_to_others(void)
{
	char path[128];
	struct stat status;
	char *slash;

	snprintf(path, sizeof(path), "%s", scratch_dir());
	ck_assert_int_eq(chmod(path, 0711), 0);
	*strrchr(path, '/') = '\0';
	ck_assert_int_eq(chmod(path, 0711), 0);
	while ((slash = strrchr(path, '/')) != NULL && slash != path) {
		*slash = '\0';
		if (stat(path, &status) != 0 || (status.st_mode & S_IXOTH) == 0)
			return false;
	}
	return true;
}

void
scratch_begin(void)
{
	const char *base = getenv("TMPDIR");

	/* Short enough for the path of a Unix socket in it. */
	if (base == NULL || strlen(base) > 32)
		base = "/tmp";
	snprintf(scratch_base, sizeof(scratch_base), "%s/gild-XXXXXX", base);
	if (mkdtemp(scratch_base) == NULL) {
		perror(scratch_base);
		exit(EXIT_FAILURE);
	}
}

static int
show_entry(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat, (void)ftw;
	if (type == FTW_F)
		show_file(path);
	return 0;
}

void
scratch_end(void (*show)(const char *path))
{
	show_file = show;
	nftw(scratch_base, show_entry, 16, FTW_PHYS);
	nftw(scratch_base, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
scratch_dir(void)
{
	begin_test();
	if (scratch[0] == '\0') {
		snprintf(scratch, sizeof(scratch), "%s/%d", scratch_base,
		    (int)getpid());
		ck_assert_int_eq(mkdir(scratch, 0700), 0);
	}
	return scratch;
}

bool
process_reap(pid_t pid, int *status, int64_t end_ms)
{
	sigset_t set;
	pid_t got;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	while ((got = waitpid(pid, status, WNOHANG)) == 0) {
		int left = ms_until(end_ms);
		/* One SIGCHLD may stand for several children: look again. */
		int wait = left < 100 ? left : 100;
		struct timespec timeout = {
		    .tv_sec = 0, .tv_nsec = wait * 1000000L};

		if (left == 0)
			return false;
		sigtimedwait(&set, NULL, &timeout);
	}
	ck_assert_int_eq(got, pid);
	return true;
}

static pid_t
parent_of(pid_t pid)
{
	char path[64], text[512];
	int parent = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return -1; /* it has just gone */
	if (fgets(text, sizeof(text), file) != NULL) {
		/* The name, in parentheses, may hold anything. */
		const char *name_end = strrchr(text, ')');

		if (name_end != NULL)
			sscanf(name_end + 1, " %*c %d", &parent);
	}
	fclose(file);
	return parent;
}

size_t
process_children(pid_t parent, pid_t pids[], size_t max_pids)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t n = 0;

	ck_assert_ptr_nonnull(proc);
	while ((entry = readdir(proc)) != NULL) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && n < max_pids && parent_of(pid) == parent)
			pids[n++] = pid;
	}
	closedir(proc);
	return n;
}

/* A line "NAME: 123 kB" of a process's status; 0 where there is none. */
static uint64_t
process_status_kib(pid_t pid, const char *name)
{
	char path[64], line[256];
	unsigned long kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		size_t length = strlen(name);

		if (strncmp(line, name, length) == 0 &&
		    sscanf(line + length, ": %lu", &kib) == 1)
			break;
	}
	fclose(file);
	return kib;
}

uint64_t
process_rss_kib(pid_t pid)
{
	return process_status_kib(pid, "VmRSS");
}

uint64_t
process_peak_kib(pid_t pid)
{
	return process_status_kib(pid, "VmHWM");
}

size_t
process_count_fds(pid_t pid)
{
	char path[64];
	size_t n = 0;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	fds = opendir(path);
	ck_assert_msg(fds != NULL, "%s: %s", path, strerror(errno));
	for (const struct dirent *entry; (entry = readdir(fds)) != NULL;)
		n += entry->d_name[0] != '.';
	closedir(fds);
	return n;
}

static const char *
program_path(const char *program)
{
	const char *path = NULL;

	if (strcmp(program, "gild") == 0)
		path = getenv("GILD");
	else if (strcmp(program, "gilctl") == 0)
		path = getenv("GILCTL");
	else
		return program;
	if (path != NULL && path[0] != '\0')
		return path;
	return strcmp(program, "gild") == 0 ? "./gild" : "./gilctl";
}

/* Freed memory that is kept to catch its use counts as resident, too. */
static void
keep_quarantine_small(void)
{
	const char *given = getenv("ASAN_OPTIONS");
	char options[512];

	snprintf(options, sizeof(options), "%s:quarantine_size_mb=8",
	    given != NULL ? given : "");
	setenv("ASAN_OPTIONS", options, 1);
}

/* As from a shell: we block and ignore some, nohup and others' & have, too. */
static void
forget_signals(void)
{
	static const int numbers[] = {
	    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};
	sigset_t none;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void
process_pass_sockets(const int fds[], size_t n, const char *names)
{
	to_pass.fds = fds;
	to_pass.n = n;
	to_pass.names = names;
}

/* In the child, once its standard descriptors are in place. */
static void
pass_sockets(void)
{
	int high[MAX_ARGS];
	char number[16];

	if (to_pass.n == 0 || to_pass.n > MAX_ARGS)
		return;
	/* Out of each other's way first. */
	for (size_t i = 0; i < to_pass.n; i++)
		high[i] = fcntl(to_pass.fds[i], F_DUPFD_CLOEXEC, 100);
	for (size_t i = 0; i < to_pass.n; i++)
		dup2(high[i], STDERR_FILENO + 1 + (int)i);
	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	snprintf(number, sizeof(number), "%zu", to_pass.n);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", to_pass.names, 1);
}

bool
process_is_spawned(pid_t pid)
{
	for (size_t i = 0; i < n_spawned; i++)
		if (spawned[i] == pid)
			return true;
	return false;
}

pid_t
process_spawn(const char *const argv[], int in, int out, int err)
{
	const char *path = program_path(argv[0]);
	pid_t pid;

	begin_test();
	spawned = grow(spawned, (n_spawned + 1) * sizeof(*spawned));
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid > 0) {
		spawned[n_spawned++] = pid;
		to_pass.n = 0;
		return pid;
	}
	forget_signals();
	prctl(PR_SET_PDEATHSIG, (long)SIGKILL);
	keep_quarantine_small();
	if (dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2) {
		pass_sockets();
		execvp(path, (char **)(uintptr_t)argv);
	}
	dprintf(STDERR_FILENO, "%s: %s\n", path, strerror(errno));
	_exit(127);
}

/* Appends what can be read; false at the end. */
static bool
read_more(int fd, char **text, size_t *len)
{
	char chunk[4096];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n <= 0)
		return n < 0 && errno == EINTR;
	*text = grow(*text, *len + (size_t)n + 1);
	memcpy(*text + *len, chunk, (size_t)n);
	*len += (size_t)n;
	(*text)[*len] = '\0';
	return true;
}

/* Feeds its stdin and reads what it says until it has said all. */
static void
converse(struct run *run, const char *input, int in, int out, int err,
    int64_t end_ms)
{
	size_t left = input != NULL ? strlen(input) : 0;
	size_t out_len = 0, err_len = 0;
	struct pollfd fds[] = {{.fd = out, .events = POLLIN},
	    {.fd = err, .events = POLLIN}, {.fd = in, .events = POLLOUT}};

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (left == 0 && fds[2].fd >= 0) {
			close(in);
			fds[2].fd = -1;
		}
		ck_assert_msg(poll(fds, 3, ms_until(end_ms)) > 0,
		    "the program has not ended in %d ms; it said: %s%s",
		    deadline_ms(), run->out, run->err);
		if (fds[0].fd >= 0 && fds[0].revents != 0 &&
		    !read_more(out, &run->out, &out_len))
			fds[0].fd = -1;
		if (fds[1].fd >= 0 && fds[1].revents != 0 &&
		    !read_more(err, &run->err, &err_len))
			fds[1].fd = -1;
		if (fds[2].fd >= 0 && fds[2].revents != 0) {
			ssize_t n = write(in, input, left < 512 ? left : 512);

			if (n <= 0) { /* it does not care to read */
				left = 0;
				continue;
			}
			input += n;
			left -= (size_t)n;
		}
	}
	if (fds[2].fd >= 0)
		close(in);
}

struct run *
run_program(const char *input, const char *program, ...)
{
	int64_t end_ms = now_ms() + deadline_ms();
	struct run *run = calloc(1, sizeof(*run));
	const char *argv[MAX_ARGS] = {program};
	size_t n = 1;
	int in[2], out[2], err[2];
	va_list list;
	pid_t pid;

	ck_assert_ptr_nonnull(run);
	ck_assert_uint_lt(n_runs, MAX_RUNS);
	runs[n_runs++] = run;
	run->out = strdup("");
	run->err = strdup("");
	va_start(list, program);
	while ((argv[n] = va_arg(list, const char *)) != NULL)
		ck_assert_uint_lt(++n, MAX_ARGS - 1);
	va_end(list);
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	pid = process_spawn(argv, in[0], out[1], err[1]);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	converse(run, input, in[1], out[0], err[0], end_ms);
	close(out[0]);
	close(err[0]);
	ck_assert_msg(process_reap(pid, &run->status, end_ms),
	    "%s closed its output "
	    "and has not ended",
	    program);
	run->exit_status =
	    WIFEXITED(run->status) ? WEXITSTATUS(run->status) : -1;
	return run;
}
