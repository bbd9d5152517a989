/*
 * The job in its two forms. The JSON answer has the members of gild's result and
 * is written by hand, which takes a tenth of what building a tree takes: a
 * worker of a peer does that work as cheaply as it can be done. Client and
 * workers link this file; it keeps nothing but the form.
 */
#include "tests/bench/peers/job.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"

#define MESSAGE_BEGIN "{\"jsonrpc\":\"2.0\",\"id\":"
#define REQUEST_END ",\"method\":\"job.submit\",\"params\":{\"count\":1}}"
#define DONE "\"state\":\"done\""

static bool is_json;

void
job_use_json(void)
{
	is_json = true;
}

static void __attribute__((noreturn))
fail(const char *what, const char *text, size_t length)
{
	fprintf(stderr, "%s: %.*s\n", what, (int)length, text);
	exit(EXIT_FAILURE);
}

uint64_t
job_number(const char *text, size_t length)
{
	uint64_t number = 0;

	for (size_t i = 0; i < length && text[i] >= '0' && text[i] <= '9'; i++)
		number = number * 10 + (uint64_t)(text[i] - '0');
	return number;
}

static size_t
write_number(char *to, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	memcpy(to, digits + at, sizeof(digits) - at);
	return sizeof(digits) - at;
}

size_t
job_request(char to[JOB_REQUEST_BYTES], uint64_t tag)
{
	char *at = to;

	if (is_json)
		at = mempcpy(at, MESSAGE_BEGIN, strlen(MESSAGE_BEGIN));
	at += write_number(at, tag);
	if (is_json)
		at = mempcpy(at, REQUEST_END, strlen(REQUEST_END));
	else
		at = mempcpy(at, ",1", 2);
	return (size_t)(at - to);
}

/* The loop that gild's workers run. */
static void
count_down(uint64_t turns)
{
	while (turns > 0) {
		turns--;
		__asm__ volatile("" : "+r"(turns));
	}
}

/* --- the JSON form --- */

struct request {
	uint64_t tag;
	uint64_t count;
};

static struct request
parse(const char *text, size_t length)
{
	struct request request;
	const char *version, *method;
	json_int_t id, count;
	json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);

	if (json == NULL ||
	    json_unpack(json, "{s:s, s:I, s:s, s:{s:I!}!}", "jsonrpc", &version,
		"id", &id, "method", &method, "params", "count", &count) != 0 ||
	    strcmp(version, "2.0") != 0 || strcmp(method, "job.submit") != 0)
		fail("not a request", text, length);
	request = (struct request){(uint64_t)id, (uint64_t)count};
	json_decref(json);
	return request;
}

static size_t
work_json(char to[JOB_ANSWER_BYTES], const char *text, size_t length)
{
	uint64_t start_ns = clock_monotonic_ns(), wall_ns;
	struct request request = parse(text, length);
	int pid = (int)getpid();

	count_down(request.count);
	wall_ns = clock_monotonic_ns() - start_ns;
	return (size_t)snprintf(to, JOB_ANSWER_BYTES,
	    MESSAGE_BEGIN
	    "%" PRIu64 ",\"result\":{\"job\":\"01J00000000000000000000000\","
	    "\"state\":\"done\",\"pool\":\"processes\",\"profile\":\"cpu\","
	    "\"count\":%" PRIu64 ",\"workers\":1,\"cost_ns\":0,\"io_every\":0,"
	    "\"io_for_us\":0,\"attempts\":1,\"timing\":{\"queue_ns\":0,"
	    "\"wall_ns\":%" PRIu64 ",\"total_ns\":%" PRIu64
	    ",\"cpu_ns\":%" PRIu64
	    ",\"cpu_wait_ns\":0,\"lock_wait_ns\":0,\"lock_held_ns\":0,"
	    "\"switch_wait_ns\":0,\"native_ns\":0,\"io_ns\":0},\"lock\":null,"
	    "\"histograms\":{\"hold\":[],\"wait\":[],\"io\":[]},\"tasks\":[{"
	    "\"task\":0,\"pid\":%d,\"tid\":%d,"
	    "\"attempts\":1,\"count\":%" PRIu64 ",\"turns\":%" PRIu64
	    ",\"start_ns\":0,\"wall_ns\":%" PRIu64 ",\"cpu_ns\":%" PRIu64
	    ",\"cpu_wait_ns\":0,\"lock_wait_ns\":0,\"lock_held_ns\":0,"
	    "\"switch_wait_ns\":0,\"native_ns\":0,\"io_ns\":0,"
	    "\"io_operations\":0,\"voluntary_switches\":0,"
	    "\"involuntary_switches\":0,\"migrations\":0,\"lock\":null}]}}",
	    request.tag, request.count, wall_ns, wall_ns, wall_ns, pid, pid,
	    request.count, request.count, wall_ns, wall_ns);
}

/* --- both --- */

static size_t
work_bare(char to[JOB_ANSWER_BYTES], const char *text, size_t length)
{
	const char *comma = memchr(text, ',', length);

	if (comma == NULL)
		fail("not a request", text, length);
	count_down(job_number(comma + 1, length - (size_t)(comma + 1 - text)));
	return write_number(to, job_number(text, length));
}

size_t
job_work(char to[JOB_ANSWER_BYTES], const char *request, size_t length)
{
	return is_json ? work_json(to, request, length)
		       : work_bare(to, request, length);
}

uint64_t
job_asked(const char *request, size_t length)
{
	size_t begin = strlen(MESSAGE_BEGIN);

	if (length < begin || memcmp(request, MESSAGE_BEGIN, begin) != 0)
		fail("not a message", request, length);
	return job_number(request + begin, length - begin);
}

uint64_t
job_answered(const char *answer, size_t length)
{
	if (is_json) {
		if (memmem(answer, length, DONE, strlen(DONE)) == NULL)
			fail("not done", answer, length);
		return job_asked(answer, length);
	}
	if (length == 0 || *answer < '0' || *answer > '9')
		fail("not an answer", answer, length);
	return job_number(answer, length);
}
