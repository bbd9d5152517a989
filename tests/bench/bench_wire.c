/*
 * What JSON costs a job: reading its line and writing its result, each beside
 * what it would cost by way of jansson's trees, in turns, in one run. Medians
 * over the rounds, in nanoseconds, and the medians of the ratios to the same
 * round's tree. It prints and does not judge.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "proto/jsonrpc.h"
#include "proto/request.h"
#include "proto/result.h"
#include "tests/bench/bench.h"

#define ROUNDS 41
#define REPEATS 2000 /* a round */
#define WRITE_FLAGS (JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII)
#define PARSE_FLAGS (JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL)
#define MOST_BYTES 65536

static const char tiny_line[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.submit\","
    "\"params\":{\"count\":1}}";
static const char full_line[] =
    "{\"jsonrpc\":\"2.0\",\"id\":\"a-client-4711\",\"method\":\"job.submit\","
    "\"params\":{\"count\":50000000,\"pool\":\"threads\",\"workers\":2,"
    "\"cost_ns\":20,\"timeout_ms\":60000,\"profile\":\"io\","
    "\"io_every\":1000,\"io_for_us\":100,\"priority\":9}}";

static struct task_result task = {
    .pid = 123456,
    .tid = 123456,
    .attempts = 1,
    .count = 1,
    .turns = 1,
    .start_ns = 123456,
    .wall_ns = 1234,
    .cpu_ns = 567,
};
static struct job_result plain = {
    .job = {UINT64_C(0x0123456789abcdef), UINT64_C(0x0123456789abcdef)},
    .state = JOB_DONE,
    .pool = "processes",
    .count = 1,
    .workers = 1,
    .attempts = 1,
    .timing = {.queue_ns = 123456, .wall_ns = 1234, .total_ns = 234567},
    .n_tasks = 1,
    .tasks = &task,
};
static struct job_result locked;
static struct writer writer;
static json_t *id, *tree;

static void
give_up(const char *why)
{
	fprintf(stderr, "bench_wire: %s\n", why);
	exit(EXIT_FAILURE);
}

/* --- the arms --- */

static void
read_tree(const void *line)
{
	json_t *root = json_loadb(line, strlen(line), PARSE_FLAGS, NULL);

	if (root == NULL)
		give_up("no JSON");
	json_decref(root);
}

static void
read_request(const void *line)
{
	static const struct jsonrpc_limits limits = {
	    .max_batch = 100, .max_values = 3200};
	struct jsonrpc_message message;
	struct job_request request;
	struct rpc_error error;

	if (jsonrpc_parse(line, strlen(line), &limits, &message, &error) != 0 ||
	    job_request_from_json(
		message.calls[0].params, 64, &request, &error) != 0)
		give_up(error.detail);
	jsonrpc_message_free(&message);
}

/* The tree is a copy: that makes each of its values, as building it would. */
static void
write_tree(const void *result)
{
	static char text[MOST_BYTES];
	json_t *copy = json_deep_copy(tree);
	size_t length = json_dumpb(copy, text, sizeof(text), WRITE_FLAGS);

	(void)result;
	if (length == 0 || length > sizeof(text))
		give_up("no text");
	json_decref(copy);
}

static void
write_text(const void *result)
{
	writer_reset(&writer);
	jsonrpc_begin_result(&writer, id);
	job_result_write(&writer, result);
	jsonrpc_end_result(&writer);
	writer_end_line(&writer);
	if (writer.has_failed)
		give_up("no text");
}

/* --- measuring --- */

struct arm {
	const char *name;
	void (*run)(const void *what);
	double ns[ROUNDS], ratio[ROUNDS];
};

static void
measure(
    const char *what, const void *object, struct arm *first, struct arm *second)
{
	for (size_t round = 0; round < ROUNDS; round++) {
		struct arm *arms[] = {first, second};

		for (size_t i = 0; i < 2; i++) {
			struct arm *arm = arms[(i + round) % 2];
			uint64_t start_ns = clock_thread_cpu_ns();

			for (int n = 0; n < REPEATS; n++)
				arm->run(object);
			arm->ns[round] =
			    (double)(clock_thread_cpu_ns() - start_ns) /
			    REPEATS;
		}
		second->ratio[round] = second->ns[round] / first->ns[round];
	}
	printf("%-38s %7.0f ns  %-18s %7.0f ns  %-18s x %.2f\n", what,
	    median(first->ns, ROUNDS), first->name, median(second->ns, ROUNDS),
	    second->name, median(second->ratio, ROUNDS));
}

static void
measure_reading(const char *what, const char *line)
{
	struct arm bare = {.name = "jansson's tree", .run = read_tree};
	struct arm whole = {.name = "checked request", .run = read_request};

	measure(what, line, &bare, &whole);
}

static void
measure_writing(const char *what, const struct job_result *result)
{
	struct arm by_tree = {.name = "by a tree", .run = write_tree};
	struct arm direct = {.name = "directly", .run = write_text};
	char name[64];

	write_text(result);
	tree = writer_to_json(&writer);
	if (tree == NULL)
		give_up("no JSON");
	snprintf(name, sizeof(name), "%s, %zu bytes", what, writer.length);
	measure(name, result, &by_tree, &direct);
	json_decref(tree);
}

int
main(void)
{
	static struct task_result tasks[4];
	static struct lock_histograms histograms;

	id = json_integer(4711);
	locked = plain;
	locked.has_lock = true;
	locked.n_tasks = 4;
	locked.tasks = tasks;
	locked.histograms = &histograms;
	for (size_t i = 0; i < 4; i++) {
		tasks[i] = task;
		for (size_t counter = 0; counter < LOCK_COUNTERS; counter++)
			lock_record_set(
			    &tasks[i].lock, counter, 1000 * counter);
	}
	for (uint64_t ns = 1; ns < 10000000; ns *= 2) {
		histogram_add(&histograms.hold, ns);
		histogram_add(&histograms.wait, ns);
	}
	measure_reading("read the shortest submission", tiny_line);
	measure_reading("read a full one", full_line);
	measure_writing("write the result of 1 task", &plain);
	measure_writing("of 4 tasks with a lock", &locked);
	json_decref(id);
	writer_free(&writer);
	return EXIT_SUCCESS;
}
