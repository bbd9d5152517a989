/*
 * The formats of a line. Everything that is not ours passes line_put(), which
 * lets printable ASCII through and writes the rest as \xNN.
 */
#include "daemon/log_format.h"

#include <stdio.h>
#include <string.h>

#define ELLIPSIS "..."
/* What a line may need behind its message: an ellipsis, and in JSON "} LF. */
#define TAIL_CHARS (sizeof(ELLIPSIS) - 1 + 3)
#define TIME_CHARS 63

enum quoting { PLAIN, QUOTED };

static const struct {
	const char *name, *tag;
	int priority; /* of syslog(3) */
} levels[] = {
    [LOG_LEVEL_FATAL] = {"fatal", "fatal: ", 2},
    [LOG_LEVEL_ERROR] = {"error", "error: ", 3},
    [LOG_LEVEL_WARN] = {"warning", "warning: ", 4},
    [LOG_LEVEL_INFO] = {"info", "", 6},
    [LOG_LEVEL_DEBUG] = {"debug", "debug: ", 7},
};

/* Our own bytes. False when they do not all fit; room for the tail stays. */
static bool
line_put_raw(struct log_line *line, const char *bytes, size_t length)
{
	if (line->length + length > sizeof(line->text) - TAIL_CHARS)
		return false;
	memcpy(line->text + line->length, bytes, length);
	line->length += length;
	return true;
}

static void
line_put_text(struct log_line *line, const char *text)
{
	line_put_raw(line, text, strlen(text));
}

/* One byte of somebody's; all of what stands for it, or false. */
static bool
line_put(struct log_line *line, unsigned char c, enum quoting quoting)
{
	static const char hex[] = "0123456789abcdef";
	char escaped[5];
	size_t n = 0;

	if (c >= ' ' && c <= '~') {
		if (quoting == QUOTED && (c == '"' || c == '\\'))
			escaped[n++] = '\\';
		escaped[n++] = (char)c;
		return line_put_raw(line, escaped, n);
	}
	if (quoting == QUOTED)
		escaped[n++] = '\\';
	escaped[n++] = '\\';
	escaped[n++] = 'x';
	escaped[n++] = hex[c >> 4];
	escaped[n++] = hex[c & 15];
	return line_put_raw(line, escaped, n);
}

static void
line_put_value(struct log_line *line, const char *value, enum quoting quoting)
{
	for (size_t i = 0; i < LOG_FIELD_CHARS && value[i] != '\0'; i++)
		line_put(line, (unsigned char)value[i], quoting);
}

static void
line_put_number(struct log_line *line, long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", number);
	line_put_text(line, text);
}

static void
line_put_time(struct log_line *line, const struct timespec *time)
{
	char text[TIME_CHARS + 1];
	struct tm utc;

	gmtime_r(&time->tv_sec, &utc);
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ",
	    utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
	    utc.tm_min, utc.tm_sec, time->tv_nsec / 1000000);
	line_put_text(line, text);
}

/* "worker 3: ", or nothing. */
static void
line_put_process(struct log_line *line, const struct log_entry *entry)
{
	if (entry->process[0] == '\0')
		return;
	line_put_value(line, entry->process, PLAIN);
	line_put_text(line, ": ");
}

/* The message, what marks that it was cut, and the line's end. */
static void
line_end(struct log_line *line, const struct log_entry *entry,
    enum quoting quoting, const char *end)
{
	const char *message = entry->message;

	while (*message != '\0' &&
	    line_put(line, (unsigned char)*message, quoting))
		message++;
	if (entry->is_cut || *message != '\0') {
		memcpy(line->text + line->length, ELLIPSIS, strlen(ELLIPSIS));
		line->length += strlen(ELLIPSIS);
	}
	memcpy(line->text + line->length, end, strlen(end));
	line->length += strlen(end);
}

void
log_format_text(const struct log_entry *entry, struct log_line *line)
{
	line->length = 0;
	line_put_time(line, &entry->time);
	line_put_text(line, " gild[");
	line_put_number(line, (long)entry->pid);
	line_put_text(line, entry->process[0] == '\0' ? "]: " : "] ");
	line_put_process(line, entry);
	line_put_text(line, levels[entry->level].tag);
	line_end(line, entry, PLAIN, "\n");
}

void
log_format_prefixed(const struct log_entry *entry, struct log_line *line)
{
	line->length = 0;
	line_put_text(line, "<");
	line_put_number(line, levels[entry->level].priority);
	line_put_text(line, ">");
	line_put_process(line, entry);
	line_end(line, entry, PLAIN, "\n");
}

static void
json_put_string(struct log_line *line, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	line_put_text(line, ",\"");
	line_put_text(line, name);
	line_put_text(line, "\":\"");
	line_put_value(line, value, QUOTED);
	line_put_text(line, "\"");
}

static void
json_put_pid(struct log_line *line, const char *name, pid_t pid)
{
	if (pid == 0)
		return;
	line_put_text(line, ",\"");
	line_put_text(line, name);
	line_put_text(line, "\":");
	line_put_number(line, (long)pid);
}

void
log_format_json(const struct log_entry *entry, struct log_line *line)
{
	line->length = 0;
	line_put_text(line, "{\"time\":\"");
	line_put_time(line, &entry->time);
	line_put_text(line, "\"");
	json_put_string(line, "level", levels[entry->level].name);
	json_put_pid(line, "pid", entry->pid);
	json_put_string(line, "process", entry->process);
	json_put_string(line, "job", entry->fields.job);
	json_put_string(line, "pool", entry->fields.pool);
	json_put_pid(line, "child", entry->fields.pid);
	line_put_text(line, ",\"message\":\"");
	line_end(line, entry, QUOTED, "\"}\n");
}

static void
journal_put(struct log_line *line, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	line_put_text(line, name);
	line_put_text(line, "=");
	line_put_value(line, value, PLAIN);
	line_put_text(line, "\n");
}

static void
journal_put_number(struct log_line *line, const char *name, long number)
{
	line_put_text(line, name);
	line_put_text(line, "=");
	line_put_number(line, number);
	line_put_text(line, "\n");
}

void
log_format_journal(const struct log_entry *entry, struct log_line *line)
{
	line->length = 0;
	journal_put_number(line, "PRIORITY", levels[entry->level].priority);
	journal_put(line, "SYSLOG_IDENTIFIER", "gild");
	journal_put(line, "GILD_PROCESS", entry->process);
	journal_put(line, "JOB", entry->fields.job);
	journal_put(line, "POOL", entry->fields.pool);
	if (entry->fields.pid != 0)
		journal_put_number(line, "PID", (long)entry->fields.pid);
	line_put_text(line, "MESSAGE=");
	line_put_process(line, entry);
	line_end(line, entry, PLAIN, "\n");
}
