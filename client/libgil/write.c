/*
 * Owns nothing. A request is written straight into the buffer that is sent: the
 * room for the longest that it can be is made first, so that writing it cannot
 * fail, and what cannot be JSON is found before that.
 */
#include "client/libgil/write.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "client/libgil/scan.h"

/* All but the strings: the names and the longest numbers. */
#define FRAME_BYTES 512

#define PUT(to, literal)                                        \
	((char *)memcpy((to), (literal), sizeof(literal) - 1) + \
	    sizeof(literal) - 1)

/* As in the table of RFC 3629: no surrogates, nothing longer than needed. */
static bool
is_utf8(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at != '\0') {
		unsigned char lead = *at++, low = 0x80, high = 0xbf;
		int n_more;

		if (lead < 0x80)
			continue;
		if (lead < 0xc2 || lead > 0xf4)
			return false;
		n_more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
		if (lead == 0xe0)
			low = 0xa0;
		else if (lead == 0xed)
			high = 0x9f;
		else if (lead == 0xf0)
			low = 0x90;
		else if (lead == 0xf4)
			high = 0x8f;
		for (; n_more > 0; n_more--) {
			if (*at < low || *at > high)
				return false;
			at++;
			low = 0x80;
			high = 0xbf;
		}
	}
	return true;
}

/* How many bytes put_string() takes at the most. */
static size_t
string_bytes(const char *text)
{
	return text != NULL ? 6 * strlen(text) + 2 : 0;
}

static char *
put_string(char *to, const char *text)
{
	static const char digits[] = "0123456789abcdef";

	*to++ = '"';
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ') {
			to = PUT(to, "\\u00");
			*to++ = digits[c >> 4];
			*to++ = digits[c & 15];
			continue;
		}
		if (c == '"' || c == '\\')
			*to++ = '\\';
		*to++ = (char)c;
	}
	*to++ = '"';
	return to;
}

static char *
put_number(char *to, uint64_t number)
{
	char digits[20];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	while (n > 0)
		*to++ = digits[--n];
	return to;
}

/* Up to the value of params. */
static char *
put_head(char *to, uint64_t request)
{
	to = PUT(to, "{\"jsonrpc\":\"2.0\",\"id\":");
	to = put_number(to, request);
	return PUT(to, ",\"method\":");
}

static int
refuse(void)
{
	errno = EINVAL;
	return -1;
}

static bool
is_too_large(const struct gil_job *job)
{
	return job->count > GIL_MAX_INTEGER || job->cost_ns > GIL_MAX_INTEGER ||
	    job->io_every > GIL_MAX_INTEGER ||
	    job->io_for_us > GIL_MAX_INTEGER ||
	    job->timeout_ms > GIL_MAX_INTEGER ||
	    job->start_after_ms > GIL_MAX_INTEGER;
}

/* ,"name":value, where the value is not the default. */
#define PUT_NUMBER(to, name, value) \
	((value) == 0 ? (to) : put_number(PUT(to, ",\"" name "\":"), (value)))
#define PUT_STRING(to, name, value) \
	((value) == NULL ? (to)     \
			 : put_string(PUT(to, ",\"" name "\":"), (value)))
#define PUT_FLAG(to, name, value) \
	((value) ? PUT(to, ",\"" name "\":true") : (to))

static char *
put_job(char *to, const struct gil_job *job)
{
	to = PUT(to, "{\"count\":");
	to = put_number(to, job->count);
	to = PUT_STRING(to, "pool", job->pool);
	to = PUT_NUMBER(to, "workers", job->workers);
	to = PUT_NUMBER(to, "cost_ns", job->cost_ns);
	to = PUT_NUMBER(to, "timeout_ms", job->timeout_ms);
	if (job->profile == GIL_PROFILE_NATIVE)
		to = PUT(to, ",\"profile\":\"native\"");
	else if (job->profile == GIL_PROFILE_IO)
		to = PUT(to, ",\"profile\":\"io\"");
	to = PUT_NUMBER(to, "io_every", job->io_every);
	to = PUT_NUMBER(to, "io_for_us", job->io_for_us);
	if (job->has_priority)
		to = put_number(PUT(to, ",\"priority\":"), job->priority);
	to = PUT_NUMBER(to, "start_after_ms", job->start_after_ms);
	to = PUT_FLAG(to, "progress", job->progress);
	to = PUT_FLAG(to, "detach", job->detach);
	to = PUT_STRING(to, "key", job->key);
	*to++ = '}';
	return to;
}

/* Where a request begins that takes so many bytes beside its frame; or NULL. */
static char *
begin(struct libgil_buffer *buffer, uint64_t request, size_t n_bytes)
{
	if (libgil_buffer_reserve(buffer, FRAME_BYTES + n_bytes) == -1)
		return NULL;
	return put_head(buffer->bytes + buffer->end, request);
}

static void
end(struct libgil_buffer *buffer, char *to)
{
	to = PUT(to, "}\n");
	buffer->end = (size_t)(to - buffer->bytes);
}

int
libgil_write_submit(
    struct libgil_buffer *buffer, uint64_t request, const struct gil_job *job)
{
	char *to;

	if (is_too_large(job) || (unsigned)job->profile > GIL_PROFILE_IO ||
	    (job->pool != NULL && !is_utf8(job->pool)) ||
	    (job->key != NULL && !is_utf8(job->key)))
		return refuse();
	to = begin(
	    buffer, request, string_bytes(job->pool) + string_bytes(job->key));
	if (to == NULL)
		return -1;
	to = PUT(to, "\"job.submit\",\"params\":");
	end(buffer, put_job(to, job));
	return 0;
}

int
libgil_write_cancel(
    struct libgil_buffer *buffer, uint64_t request, const char *job)
{
	char *to;

	if (!is_utf8(job))
		return refuse();
	to = begin(buffer, request, string_bytes(job));
	if (to == NULL)
		return -1;
	to = PUT(to, "\"job.cancel\",\"params\":{\"job\":");
	to = put_string(to, job);
	*to++ = '}';
	end(buffer, to);
	return 0;
}

static bool
is_object(const char *text)
{
	struct libgil_scan scan;

	libgil_scan_init(&scan, text);
	return text[strspn(text, " \t\n\r")] == '{' &&
	    libgil_scan_skip(&scan) && libgil_scan_is_over(&scan) &&
	    is_utf8(text);
}

int
libgil_write_call(struct libgil_buffer *buffer, uint64_t request,
    const char *method, const char *params)
{
	size_t length = params != NULL ? strlen(params) : 0;
	char *to;

	if (!is_utf8(method) || (params != NULL && !is_object(params)))
		return refuse();
	to = begin(buffer, request, string_bytes(method) + length);
	if (to == NULL)
		return -1;
	to = put_string(to, method);
	if (params != NULL) {
		to = PUT(to, ",\"params\":");
		/* A line break in JSON is a space, never part of a string. */
		for (; *params != '\0'; params++)
			*to++ =
			    *params == '\n' || *params == '\r' ? ' ' : *params;
	}
	end(buffer, to);
	return 0;
}
