/*
 * libgildfaults.so: makes system calls and allocations of a gild fail, where
 * tests want them to. It is preloaded (LD_PRELOAD), so that gild itself holds
 * nothing of it. Run by every process of that gild, by each of their threads.
 *
 * GILD_FAULTS holds rules, with `;` between them:
 *
 *	CALL:FAILURE[:from=N][:every=N][:count=N][:path=TEXT][:who=TEXT]
 *	    [:each][:held]
 *
 * CALL is one of the families of the table `families` below. FAILURE is the
 * name of an errno, or for read and write `short`: then a call is carried out
 * for its first byte only, which is true to life on a stream and in a file. The
 * call number `from` (1) fails, and each `every`th (1) behind it, `count` (1; 0
 * is no end) in all. `path`: only calls whose file has TEXT in its path; that
 * of a socket is `socket:[4711]`, and only what is no file has a `[`. `who`: only in processes whose name
 * (PR_SET_NAME) has TEXT in it; the master's is `gild`. Calls are counted over
 * all processes, with `each` in every process by itself. A rule that is `held`
 * sleeps until a test arms it.
 *
 * GILD_FAULTS_STATE, where it is set, names a file of a struct faults_state
 * (faults.h) through which a test counts, arms and changes rules.
 *
 * A `path` of a descriptor is looked up in /proc, which the filter of an
 * executor's system calls forbids: it takes a `who`, or sandbox=false.
 */
#include "tests/faults/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/faults/faults.h"

#define WORD_CHARS 63

static const char *const families[N_FAMILIES] = {
    [CALL_FORK] = "fork",
    [CALL_READ] = "read",     /* readv, pread, recv, recvmsg */
    [CALL_WRITE] = "write",   /* writev, pwrite, send, sendto, sendmsg */
    [CALL_MMAP] = "mmap",     /* not those of the C library itself */
    [CALL_ACCEPT] = "accept", /* accept4 */
    [CALL_MALLOC] = "malloc", /* calloc, realloc, strdup and their like */
    [CALL_FSYNC] = "fsync",   /* fdatasync */
    [CALL_FTRUNCATE] = "ftruncate",
    [CALL_OPEN] = "open",	      /* openat */
    [CALL_DESCRIPTOR] = "descriptor", /* pipe2, socketpair, eventfd, ... */
    [CALL_WAIT] = "wait",	      /* poll, epoll_wait */
};

struct rule {
	enum family family;
	int failure; /* an errno, or FAIL_SHORT */
	bool is_each;
	char path[WORD_CHARS + 1]; /* "": any */
	char who[WORD_CHARS + 1];
};

static struct rule rules[FAULTS_MAX_RULES];
static size_t n_rules;
static struct faults_state *state;
/* Of this process alone: what a rule with `each` goes by. */
static struct {
	_Atomic uint64_t seen;
	_Atomic uint64_t failed;
} own[FAULTS_MAX_RULES];
static char name[16] = "gild"; /* as PR_SET_NAME has it */

/* --- rules --- */

static void __attribute__((noreturn)) refuse(const char *what, const char *word)
{
	dprintf(STDERR_FILENO, "GILD_FAULTS: %s: \"%s\"\n", what, word);
	_exit(EXIT_FAILURE);
}

static int
failure_of(const char *word)
{
	if (strcmp(word, "short") == 0)
		return FAIL_SHORT;
	for (int i = 1; i < 200; i++) {
		const char *text = strerrorname_np(i);

		if (text != NULL && strcmp(text, word) == 0)
			return i;
	}
	refuse("no failure", word);
}

static enum family
family_of(const char *word)
{
	for (int i = 0; i < N_FAMILIES; i++) {
		if (strcmp(families[i], word) == 0)
			return (enum family)i;
	}
	refuse("no call", word);
}

/* The rest of a word behind a prefix, NULL when it has another. */
static const char *
behind(const char *word, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(word, prefix, n) == 0 ? word + n : NULL;
}

static void
take_word(struct rule *rule, struct fault_rule_state *figures, const char *word)
{
	const char *value;

	if (strcmp(word, "each") == 0)
		rule->is_each = true;
	else if (strcmp(word, "held") == 0)
		atomic_store(&figures->is_armed, 0);
	else if ((value = behind(word, "from=")) != NULL)
		atomic_store(&figures->from, strtoull(value, NULL, 10));
	else if ((value = behind(word, "every=")) != NULL)
		atomic_store(&figures->every, strtoull(value, NULL, 10));
	else if ((value = behind(word, "count=")) != NULL)
		atomic_store(&figures->count, strtoull(value, NULL, 10));
	else if ((value = behind(word, "path=")) != NULL)
		snprintf(rule->path, sizeof(rule->path), "%.63s", value);
	else if ((value = behind(word, "who=")) != NULL)
		snprintf(rule->who, sizeof(rule->who), "%.63s", value);
	else
		refuse("unknown word", word);
}

static void
take_rule(char *text)
{
	struct rule *rule = &rules[n_rules];
	struct fault_rule_state *figures = &state->rules[n_rules];
	char *word = strsep(&text, ":");

	if (n_rules == FAULTS_MAX_RULES)
		refuse("one rule too many", word);
	rule->family = family_of(word);
	word = strsep(&text, ":");
	rule->failure = failure_of(word == NULL ? "" : word);
	atomic_store(&figures->from, 1);
	atomic_store(&figures->every, 1);
	atomic_store(&figures->count, 1);
	atomic_store(&figures->is_armed, 1);
	atomic_store(&figures->seen, 0);
	atomic_store(&figures->failed, 0);
	while ((word = strsep(&text, ":")) != NULL)
		take_word(rule, figures, word);
	n_rules++;
}

static void
map_state(const char *path)
{
	int fd = -1, flags = MAP_SHARED | MAP_ANONYMOUS;

	if (path != NULL) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		flags = MAP_SHARED;
		if (fd < 0 || ftruncate(fd, sizeof(*state)) != 0)
			refuse("cannot write the state", path);
	}
	state =
	    mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, flags, fd, 0);
	if (state == MAP_FAILED)
		refuse("cannot map the state", path == NULL ? "" : path);
	if (fd >= 0)
		close(fd);
}

/* Once, in the master: who is forked from it has all this. */
static void __attribute__((constructor)) open_rules(void)
{
	static char text[1024];
	const char *given = getenv("GILD_FAULTS");
	char *rest = text, *rule;

	if (given == NULL || *given == '\0')
		return;
	if (snprintf(text, sizeof(text), "%s", given) >= (int)sizeof(text))
		refuse("too long", given);
	map_state(getenv("GILD_FAULTS_STATE"));
	while ((rule = strsep(&rest, ";")) != NULL)
		take_rule(rule);
}

/* --- whether a call is to fail --- */

static bool
fd_has_path(int fd, const char *part)
{
	char link[32], path[512];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return false;
	path[length] = '\0';
	return strstr(path, part) != NULL;
}

static bool
is_concerned(const struct rule *rule, int fd, const char *path)
{
	if (strstr(name, rule->who) == NULL)
		return false;
	if (rule->path[0] == '\0')
		return true;
	return path != NULL ? strstr(path, rule->path) != NULL
			    : fd_has_path(fd, rule->path);
}

/* Counts one call that a rule is about: whether it is to fail. */
static bool
is_due(size_t i)
{
	struct fault_rule_state *figures = &state->rules[i];
	uint64_t every = atomic_load(&figures->every);
	uint64_t from = atomic_load(&figures->from);
	uint64_t count = atomic_load(&figures->count);
	uint64_t seen = atomic_fetch_add(&figures->seen, 1) + 1, failed;

	if (rules[i].is_each)
		seen = ++own[i].seen;
	if (seen < from || (every > 1 && (seen - from) % every != 0))
		return false;
	failed = rules[i].is_each ? own[i].failed++ : figures->failed;
	if (count != 0 && failed >= count)
		return false;
	atomic_fetch_add(&figures->failed, 1);
	return true;
}

int
rules_judge(enum family family, int fd, const char *path)
{
	int saved_errno = errno, failure = 0;

	for (size_t i = 0; i < n_rules && failure == 0; i++) {
		if (rules[i].family == family &&
		    atomic_load_explicit(
			&state->rules[i].is_armed, memory_order_acquire) != 0 &&
		    is_concerned(&rules[i], fd, path) && is_due(i))
			failure = rules[i].failure;
	}
	errno = failure > 0 ? failure : saved_errno;
	return failure;
}

ssize_t
rules_allow(enum family family, int fd, size_t size)
{
	int failure = rules_judge(family, fd, NULL);

	if (failure > 0)
		return -1;
	return (ssize_t)(failure == FAIL_SHORT && size > 1 ? 1 : size);
}

/* --- the process --- */

void
rules_set_name(const char *text)
{
	snprintf(name, sizeof(name), "%s", text);
}

void
rules_begin_process(void)
{
	for (size_t i = 0; i < n_rules; i++) {
		own[i].seen = 0;
		own[i].failed = 0;
	}
}
