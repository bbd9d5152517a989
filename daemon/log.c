/*
 * The log of one process. Any thread may log: a line is put together on the
 * stack and handed over in one call, and no lock is waited for. What changes
 * where a line goes is called while there is one thread.
 *
 *	log_format = journal    the journal's socket, else (it is full, or the
 *	                        journal restarts) standard error
 *	all others              standard error
 *
 * No caller learns that a line could not be written (standard error is closed,
 * or full and does not block), and errno stays as it was; the next line that can
 * be written is preceded by how many could not. Where standard error is a stream
 * to the journal it is never waited for: a journal that is stopped does not stop
 * gild. Ignoring SIGPIPE is left to the master.
 */
#include "daemon/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/journal.h"
#include "daemon/log_format.h"
#include "daemon/repeats.h"

#define MESSAGE_CHARS 2047

static char process_name[LOG_FIELD_CHARS + 1];
static enum log_level level_shown = LOG_LEVEL_INFO;
static pid_t owner; /* of these two: who called log_open() */
static struct repeats repeats;
static _Atomic uint32_t n_lost; /* lines */

static struct journal journal = {.fd = -1};
static bool is_journals; /* standard error is */
static bool is_json;

const char *
log_format_name(enum log_format format)
{
	static const char *const names[LOG_FORMAT_COUNT] = {
	    [LOG_AUTO] = "auto",
	    [LOG_TEXT] = "text",
	    [LOG_JSON] = "json",
	    [LOG_JOURNAL] = "journal",
	};

	return names[format];
}

/* As write(), to standard error; a stream of the journal's does not block. */
static ssize_t
error_write(const char *bytes, size_t n_bytes)
{
	if (is_journals) {
		ssize_t n = send(
		    STDERR_FILENO, bytes, n_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0 || errno != ENOTSOCK)
			return n;
	}
	return write(STDERR_FILENO, bytes, n_bytes);
}

static bool
line_write(const struct log_line *line)
{
	size_t written = 0;

	while (written < line->length) {
		ssize_t n =
		    error_write(line->text + written, line->length - written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		written += (size_t)n;
	}
	return true;
}

/*
 * What a process says before it ends, an error, goes the stream's way where
 * that leads to the journal as well: of a datagram's sender the journal has to
 * look up which service it is of, and nobody is there to be looked up any
 * more; of a stream it knows.
 */
static bool
entry_wants_datagram(const struct log_entry *entry)
{
	return journal.fd >= 0 &&
	    (!is_journals || entry->level > LOG_LEVEL_ERROR);
}

/* Whether it was. */
static bool
entry_write(const struct log_entry *entry)
{
	struct log_line line;

	if (entry_wants_datagram(entry)) {
		log_format_journal(entry, &line);
		if (journal_send(&journal, line.text, line.length) == 0)
			return true;
	}
	if (is_json)
		log_format_json(entry, &line);
	else if (is_journals)
		log_format_prefixed(entry, &line);
	else
		log_format_text(entry, &line);
	return line_write(&line);
}

static void
entry_init(struct log_entry *entry, enum log_level level, const char *message)
{
	*entry = (struct log_entry){
	    .level = level,
	    .pid = getpid(),
	    .process = process_name,
	    .message = message,
	};
	clock_gettime(CLOCK_REALTIME, &entry->time);
}

static void
tell_lost(void)
{
	uint32_t n = atomic_exchange(&n_lost, 0);
	struct log_entry entry;
	char text[80];

	if (n == 0)
		return;
	snprintf(
	    text, sizeof(text), "%u lines of the log could not be written", n);
	entry_init(&entry, LOG_LEVEL_WARN, text);
	if (!entry_write(&entry))
		atomic_fetch_add(&n_lost, n);
}

static void
entry_log(const struct log_entry *entry)
{
	tell_lost();
	if (!entry_write(entry))
		atomic_fetch_add(&n_lost, 1);
}

/* is_end: also what is still being counted. */
static void
tell_repeats(uint64_t now_ns, bool is_end)
{
	struct repeat repeat;
	struct log_entry entry;
	char text[REPEATS_TEXT_CHARS + 40];

	while (repeats_take(&repeats, now_ns, is_end, &repeat)) {
		snprintf(text, sizeof(text), "%u more like this: %s",
		    repeat.n_more, repeat.latest);
		entry_init(&entry, repeat.level, text);
		entry.is_cut = strlen(repeat.latest) == REPEATS_TEXT_CHARS;
		entry_log(&entry);
	}
}

static void __attribute__((format(printf, 3, 0)))
log_message(enum log_level level, const struct log_fields *fields,
    const char *format, va_list arguments)
{
	int saved_errno = errno, length;
	uint64_t now_ns = clock_monotonic_ns();
	char message[MESSAGE_CHARS + 1] = "";
	struct log_entry entry;

	length = vsnprintf(message, sizeof(message), format, arguments);
	tell_repeats(now_ns, level == LOG_LEVEL_FATAL);
	if ((level == LOG_LEVEL_WARN || level == LOG_LEVEL_INFO) &&
	    !repeats_admit(&repeats, format, level, message, now_ns))
		goto out;
	entry_init(&entry, level, message);
	entry.is_cut = length > MESSAGE_CHARS;
	if (fields != NULL)
		entry.fields = *fields;
	entry_log(&entry);
out:
	errno = saved_errno;
}

void
log_settle(void)
{
	int saved_errno = errno;

	tell_repeats(clock_monotonic_ns(), false);
	errno = saved_errno;
}

/* A child that ends as its parent would have, and never said who it is, has
 * nothing of its own to tell. */
static void
settle_at_exit(void)
{
	if (owner == getpid())
		tell_repeats(clock_monotonic_ns(), true);
}

void
log_open(const char *process)
{
	/* Without it, the last count of all is not told. */
	if (owner == 0 && atexit(settle_at_exit) != 0)
		log_warn("cannot prepare for the end: out of memory");
	if (owner != getpid()) {
		owner = getpid();
		repeats_clear(&repeats);
		atomic_store(&n_lost, 0);
	}
	snprintf(process_name, sizeof(process_name), "%s", process);
}

void
log_set_level(enum log_level level)
{
	level_shown = level;
}

void
log_set_format(enum log_format format, const char *path)
{
	is_journals = journal_reads(STDERR_FILENO);
	is_json = format == LOG_JSON;
	if (format != LOG_JOURNAL && (format != LOG_AUTO || !is_journals))
		journal_close(&journal);
	else if (journal.fd < 0 && journal_open(&journal, path) != 0)
		log_warn("cannot reach the journal at %s: %s; the log goes to "
			 "standard error, as text",
		    path, strerror(errno));
}

int
log_fd(void)
{
	return journal.fd;
}

void
log_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_message(LOG_LEVEL_ERROR, NULL, format, arguments);
	va_end(arguments);
}

void
log_warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_message(LOG_LEVEL_WARN, NULL, format, arguments);
	va_end(arguments);
}

void
log_info(const char *format, ...)
{
	va_list arguments;

	if (level_shown < LOG_LEVEL_INFO)
		return;
	va_start(arguments, format);
	log_message(LOG_LEVEL_INFO, NULL, format, arguments);
	va_end(arguments);
}

void
log_debug(const char *format, ...)
{
	va_list arguments;

	if (level_shown < LOG_LEVEL_DEBUG)
		return;
	va_start(arguments, format);
	log_message(LOG_LEVEL_DEBUG, NULL, format, arguments);
	va_end(arguments);
}

void
log_event(enum log_level level, const struct log_fields *fields,
    const char *format, ...)
{
	va_list arguments;

	if (level_shown < level)
		return;
	va_start(arguments, format);
	log_message(level, fields, format, arguments);
	va_end(arguments);
}

/*
 * _exit: a forked child must not write its parent's buffered output a second
 * time, nor run a thread's world down around it.
 */
void
fatal(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_message(LOG_LEVEL_FATAL, NULL, format, arguments);
	va_end(arguments);
	_exit(1);
}
