/*
 * Accepted jobs a second: one commit each, beside groups that share one. The
 * arms alternate, round by round, on one store, in a folder that is named or in
 * the working directory: what counts is its disk. Medians over the rounds, and
 * the medians of their ratios to the same round's one commit each. It prints
 * and does not judge.
 */
#include "daemon/store.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "tests/bench/bench.h"

#define ROUNDS 15
/* At least so long an arm is to run in a round, and so many commits. */
#define MIN_COMMITS 8
#define MIN_JOBS 64

static const uint32_t groups[] = {1, 4, 16, 64, 256, 1024};
#define N_GROUPS (sizeof(groups) / sizeof(groups[0]))

static struct store *store;
static struct job_id_source ids;

static void
give_up(const char *why)
{
	fprintf(stderr, "bench_store: %s\n", why);
	exit(EXIT_FAILURE);
}

static void
accept_job(void)
{
	struct job_record job = {.is_detached = true, .state = JOB_QUEUED};
	struct job_record there;

	job.accepted_ms = clock_unix_ms();
	job.id = job_id_next(&ids, job.accepted_ms);
	job_request_init(&job.request);
	job.request.count = 1000000;
	job.request.detach = true;
	snprintf(job.request.key, sizeof(job.request.key), "bench-%" PRIu64,
	    job.id.low);
	if (store_accept(store, &job, &there) != STORE_DONE)
		give_up(store_error(store));
}

/* Jobs a second, in commits of so many. */
static double
run_arm(uint32_t group)
{
	uint32_t n =
	    group * MIN_COMMITS > MIN_JOBS ? group * MIN_COMMITS : MIN_JOBS;
	uint64_t start_ns = clock_monotonic_ns();

	for (uint32_t done = 0; done < n; done += group) {
		if (store_begin(store) != 0)
			give_up(store_error(store));
		for (uint32_t i = 0; i < group; i++)
			accept_job();
		if (store_commit(store) != 0)
			give_up(store_error(store));
	}
	return (double)n * (double)NS_PER_S /
	    (double)(clock_monotonic_ns() - start_ns);
}

static void
run_rounds(void)
{
	static double rates[N_GROUPS][ROUNDS], ratios[N_GROUPS][ROUNDS];

	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < N_GROUPS; i++) {
			size_t arm = (round + i) % N_GROUPS;

			rates[arm][round] = run_arm(groups[arm]);
		}
		for (size_t arm = 0; arm < N_GROUPS; arm++)
			ratios[arm][round] =
			    rates[arm][round] / rates[0][round];
	}
	printf("jobs accepted, medians of %d rounds\n", ROUNDS);
	printf("  jobs a commit   jobs/s   commits/s   to one each (10 %% .. "
	       "90 %%)\n");
	for (size_t arm = 0; arm < N_GROUPS; arm++) {
		double rate = median(rates[arm], ROUNDS);

		printf("  %13" PRIu32 "  %7.0f  %10.0f  %8.1f (%.1f .. %.1f)\n",
		    groups[arm], rate, rate / groups[arm],
		    median(ratios[arm], ROUNDS),
		    quantile(ratios[arm], ROUNDS, 0.1),
		    quantile(ratios[arm], ROUNDS, 0.9));
	}
}

static void
remove_store(const char *folder)
{
	if (chdir(folder) != 0)
		give_up("the folder is gone");
	unlink("jobs.db");
	unlink("jobs.db-wal");
	if (rmdir(folder) != 0)
		give_up("the folder is not empty");
}

int
main(int argc, char **argv)
{
	char folder[] = "bench_store-XXXXXX", path[PATH_MAX];
	char error[STORE_ERROR_CHARS + 1];
	struct store_figures figures;
	char *set_aside;

	if (argc > 1 && chdir(argv[1]) != 0)
		give_up("no such folder");
	if (job_id_source_init(&ids, 0) != 0 || mkdtemp(folder) == NULL ||
	    realpath(folder, path) == NULL)
		give_up("no folder to work in");
	store = store_open(path, &set_aside, error);
	if (store == NULL)
		give_up(error);
	run_rounds();
	if (store_measure(store, &figures) == STORE_DONE)
		printf("  %" PRIu64 " jobs, %" PRIu64 " bytes each\n",
		    figures.n_unfinished,
		    figures.file_bytes / figures.n_unfinished);
	store_close(store);
	remove_store(path);
	return EXIT_SUCCESS;
}
