/*
 * Memory that runs out, at each point where libgil asks for some (the linker
 * sends its calls here): it says so, keeps its word that each request that was
 * taken has one event, and leaves nothing behind.
 */
#include <jansson.h>
#include <stdlib.h>

#include "tests/unit/libgil_fixture.h"

#define N_REQUESTS 100 /* so that the table grows */
#define N_TASKS 9      /* so that their array does */

static bool is_libgils;	      /* memory that is asked for now; else Check's */
static long allocations_left; /* then they fail */
static long blocks;	      /* not freed yet */

#define IN_LIBGIL(call)                      \
	({                                   \
		is_libgils = true;           \
		__typeof__(call) got = call; \
		is_libgils = false;          \
		got;                         \
	})

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

/* Whether this one is to be had. */
static bool
take_one(void)
{
	if (!is_libgils)
		return true;
	if (allocations_left == 0) {
		errno = ENOMEM;
		return false;
	}
	allocations_left--;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	if (!take_one())
		return NULL;
	blocks += is_libgils;
	return __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	if (!take_one())
		return NULL;
	blocks += is_libgils;
	return __real_calloc(n, size);
}

void *
__wrap_realloc(void *block, size_t size)
{
	if (!take_one())
		return NULL;
	blocks += is_libgils && block == NULL;
	return __real_realloc(block, size);
}

void
__wrap_free(void *block)
{
	blocks -= is_libgils && block != NULL;
	__real_free(block);
}

/* What the client asked for is read, or the server's end would be a reset. */
static void
drop_heard(void)
{
	char heard[4096];

	while (recv(server, heard, sizeof(heard), MSG_DONTWAIT) > 0)
		;
}

static void
answer(uint64_t request)
{
	static char line[4096];
	size_t used = (size_t)snprintf(line, sizeof(line),
	    "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"result\":{\"job\":\"01J\","
	    "\"tasks\":[{}",
	    (unsigned long long)request);

	for (int i = 1; i < N_TASKS; i++)
		used += (size_t)snprintf(
		    line + used, sizeof(line) - used, ",{\"pid\":%d}", i);
	snprintf(line + used, sizeof(line) - used, "]}}\n");
	say(line);
}

/* Looks at all that an event has: false where memory ran out for some of it. */
static bool
look_at(const struct gil_event *event)
{
	const struct gil_task *tasks;
	size_t n_tasks;

	ck_assert_str_eq(event->result.job, "01J");
	tasks = IN_LIBGIL(gil_tasks(client, &n_tasks));
	if (tasks == NULL) {
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert_uint_eq(n_tasks, 0);
		return false;
	}
	ck_assert_uint_eq(n_tasks, N_TASKS);
	ck_assert_int_eq(tasks[N_TASKS - 1].pid, N_TASKS - 1);
	return IN_LIBGIL(gil_json(client)) != NULL;
}

/* Sends them all; returns how many were taken. */
static uint64_t
submit_all(void)
{
	const struct gil_job job = {.count = 1};
	uint64_t n = 0;

	for (uint64_t tag = 1; tag <= N_REQUESTS; tag++) {
		if (IN_LIBGIL(gil_submit(client, &job, tag)) == 0)
			n++;
		else
			ck_assert_int_eq(errno, ENOMEM);
	}
	ck_assert_uint_eq(gil_unanswered(client), n);
	return n;
}

/* A whole conversation; true when memory was enough for all of it. */
static bool
converse(void)
{
	uint64_t n_taken, n_events = 0;
	const struct gil_event *event;
	bool is_enough = true;

	client = IN_LIBGIL(try_open(address, PATIENCE_MS));
	if (client == NULL) {
		ck_assert_int_eq(failure.kind, GIL_NO_MEMORY);
		return false;
	}
	accept_client();
	n_taken = submit_all();
	gil_flush(client);
	for (uint64_t i = 1; i <= n_taken; i++)
		answer(i);
	drop_heard();
	ck_assert_int_eq(shutdown(server, SHUT_WR), 0);
	while ((event = IN_LIBGIL(gil_poll(client, PATIENCE_MS)))->type !=
	    GIL_LOST) {
		n_events++;
		if (event->type != GIL_RESULT)
			ck_assert_int_eq(event->type, GIL_UNANSWERED);
		else if (event->tag == N_REQUESTS)
			is_enough = look_at(event);
	}
	ck_assert_uint_eq(n_events, n_taken);
	if (!gil_was_orderly(client)) {
		ck_assert_str_eq(event->text, "Cannot allocate memory");
		is_enough = false;
	}
	is_libgils = true;
	gil_close(client);
	is_libgils = false;
	client = NULL;
	close(server);
	return is_enough && n_taken == N_REQUESTS;
}

START_TEST(what_runs_out_is_said)
{
	long n = 0;
	bool is_enough;

	json_set_alloc_funcs(__wrap_malloc, __wrap_free);
	listener = listen_tcp(8);
	do {
		allocations_left = n++;
		blocks = 0;
		is_enough = converse();
		ck_assert_int_eq(blocks, 0);
	} while (!is_enough);
	/* It has asked at each of these places. */
	ck_assert_int_gt(n, 10);
	close(listener);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("libgil_memory");
	TCase *tcase = tcase_create("memory");

	tcase_set_timeout(tcase, 240);
	tcase_add_test(tcase, what_runs_out_is_said);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
