/*
 * The job store: what is put in comes out, keys and ids are there once, lists
 * go by what they are asked for and page without gaps, retention gives space
 * back, and a file that is not as expected is refused, migrated or set aside,
 * never overwritten. Each test has a folder of its own.
 */
#include "daemon/store.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/store_jobs.h"
#include "tests/unit/suite.h"

static char folder[] = "/tmp/gild-store-XXXXXX";
static char path[64];
static char why[STORE_ERROR_CHARS + 1];
static struct store *store;

static struct store *
open_store(void)
{
	char *set_aside;
	struct store *opened = store_open(folder, &set_aside, why);

	ck_assert_ptr_null(set_aside);
	return opened;
}

static void
reopen(void)
{
	store_close(store);
	store = open_store();
	ck_assert_msg(store != NULL, "%s", why);
}

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/jobs.db", folder);
	store = open_store();
	ck_assert_msg(store != NULL, "%s", why);
}

/* The file is the test's to make. */
static void
setup_without_store(void)
{
	setup();
	store_close(store);
	store = NULL;
	unlink(path);
}

static void
teardown(void)
{
	store_close(store);
	remove_folder(folder);
}

/* --- helpers --- */

static void
begin(void)
{
	ck_assert_msg(store_begin(store) == 0, "%s", store_error(store));
}

static void
commit(void)
{
	ck_assert_msg(store_commit(store) == 0, "%s", store_error(store));
}

static void
accept_job(const struct job_record *job)
{
	struct job_record there;

	ck_assert_msg(store_accept(store, job, &there) == STORE_DONE, "%s",
	    store_error(store));
}

static void
accept_and_commit(const struct job_record *job)
{
	begin();
	accept_job(job);
	commit();
}

#define RESULT "{\"state\":\"done\"}"

static void
record_and_commit(const struct job_record *job)
{
	begin();
	ck_assert_int_eq(
	    store_record(store, job, RESULT, strlen(RESULT)), STORE_DONE);
	commit();
}

static void
expect_job(const struct job_record *expected, const char *text)
{
	struct job_record job;
	const char *difference;
	char *result;

	ck_assert_msg(
	    store_get(store, expected->id, &job, &result) == STORE_DONE, "%s",
	    store_error(store));
	difference = find_difference(&job, expected);
	ck_assert_msg(difference == NULL, "differs: %s", difference);
	ck_assert_pstr_eq(result, text);
	free(result);
}

static void
expect_no_job(struct job_id id)
{
	struct job_record job;
	char *result;

	ck_assert_int_eq(store_get(store, id, &job, &result), STORE_NO_JOB);
	ck_assert_ptr_null(result);
}

static void
expect_figures(uint64_t unfinished, uint64_t ended)
{
	struct store_figures figures;

	ck_assert_int_eq(store_measure(store, &figures), STORE_DONE);
	ck_assert_uint_eq(figures.n_unfinished, unfinished);
	ck_assert_uint_eq(figures.n_ended, ended);
	ck_assert_uint_gt(figures.file_bytes, 0);
}

/* SQL of the test's own, on a file that nobody has open. */
static void
run_sql(const char *sql)
{
	sqlite3 *db;
	char *message = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK,
	    "%s", message);
	sqlite3_close(db);
}

static void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void
expect_file(const char *name, const char *text)
{
	char got[256] = "";
	FILE *file = fopen(name, "r");

	ck_assert_msg(file != NULL, "%s", name);
	ck_assert_uint_eq(fread(got, 1, sizeof(got) - 1, file), strlen(text));
	ck_assert_str_eq(got, text);
	fclose(file);
}

/* --- jobs --- */

START_TEST(a_job_goes_its_way)
{
	struct job_record job = make_job(1);

	strcpy(job.request.key, "k\xc3\xa4se \"1\"");
	accept_and_commit(&job);
	expect_job(&job, NULL);
	begin();
	ck_assert_int_eq(
	    store_move(store, job.id, true, 1, FIRST_MS + 5), STORE_DONE);
	commit();
	job.state = JOB_RUNNING;
	job.attempts = 1;
	job.started_ms = FIRST_MS + 5;
	expect_job(&job, NULL);
	begin();
	ck_assert_int_eq(
	    store_move(store, job.id, false, 2, FIRST_MS + 6), STORE_DONE);
	commit();
	job.state = JOB_QUEUED;
	job.attempts = 2;
	expect_job(&job, NULL);
	expect_figures(1, 0);
	end_job(&job, JOB_FAILED);
	begin();
	ck_assert_int_eq(
	    store_end(store, &job, RESULT "x", strlen(RESULT)), STORE_DONE);
	commit();
	expect_job(&job, RESULT);
	expect_figures(0, 1);
	begin();
	ck_assert_int_eq(store_collect(store, job.id), STORE_DONE);
	commit();
	job.is_collected = true;
	expect_job(&job, RESULT);
	reopen();
	expect_job(&job, RESULT);
	expect_figures(0, 1);
}
END_TEST

START_TEST(an_end_is_the_end)
{
	struct job_record job = make_job(1), other = make_job(2);
	struct job_record expected;

	accept_and_commit(&job);
	end_job(&job, JOB_CANCELLED);
	expected = job;
	begin();
	ck_assert_int_eq(store_end(store, &job, "\"a\"", 3), STORE_DONE);
	end_job(&job, JOB_DONE);
	ck_assert_int_eq(store_end(store, &job, "\"b\"", 3), STORE_NO_JOB);
	ck_assert_int_eq(store_move(store, job.id, true, 9, 9), STORE_NO_JOB);
	ck_assert_int_eq(store_end(store, &other, "\"b\"", 3), STORE_NO_JOB);
	ck_assert_int_eq(store_move(store, other.id, true, 9, 9), STORE_NO_JOB);
	ck_assert_int_eq(store_collect(store, other.id), STORE_NO_JOB);
	commit();
	expect_job(&expected, "\"a\"");
	expect_no_job(other.id);
	expect_figures(0, 1);
}
END_TEST

START_TEST(only_what_has_ended_is_collected)
{
	struct job_record job = make_job(1);

	accept_and_commit(&job);
	begin();
	ck_assert_int_eq(store_collect(store, job.id), STORE_NO_JOB);
	commit();
	expect_job(&job, NULL);
}
END_TEST

START_TEST(a_plain_jobs_history_is_kept)
{
	struct job_record job = make_job(1);

	job.is_detached = job.request.detach = false;
	end_job(&job, JOB_DONE);
	record_and_commit(&job);
	expect_job(&job, RESULT);
	begin();
	ck_assert_int_eq(store_record(store, &job, "1", 1), STORE_THERE);
	commit();
	expect_job(&job, RESULT);
	expect_figures(0, 1);
}
END_TEST

START_TEST(an_id_or_a_key_is_there_once)
{
	struct job_record first = make_job(1), second = make_job(2), there;

	strcpy(first.request.key, "a");
	accept_and_commit(&first);
	begin();
	ck_assert_int_eq(store_accept(store, &first, &there), STORE_THERE);
	ck_assert_ptr_null(find_difference(&there, &first));
	strcpy(second.request.key, "a");
	ck_assert_int_eq(store_accept(store, &second, &there), STORE_THERE);
	ck_assert_ptr_null(find_difference(&there, &first));
	second.id = first.id;
	strcpy(second.request.key, "b");
	ck_assert_int_eq(store_accept(store, &second, &there), STORE_THERE);
	ck_assert_ptr_null(find_difference(&there, &first));
	second.request.key[0] = '\0';
	ck_assert_int_eq(store_accept(store, &second, &there), STORE_THERE);
	ck_assert_ptr_null(find_difference(&there, &first));
	/* What was not there is taken in nevertheless; no key is no key. */
	second.id = make_id(FIRST_MS, 3);
	accept_job(&second);
	second.id = make_id(FIRST_MS, 4);
	accept_job(&second);
	commit();
	expect_figures(3, 0);
}
END_TEST

START_TEST(a_key_is_free_again_with_its_job_gone)
{
	struct job_record job = make_job(1), next = make_job(2);
	uint32_t n;

	strcpy(job.request.key, "a");
	strcpy(next.request.key, "a");
	end_job(&job, JOB_DONE);
	record_and_commit(&job);
	begin();
	ck_assert_int_eq(store_trim(store, UINT64_MAX, 0, 10, &n), STORE_DONE);
	ck_assert_uint_eq(n, 1);
	accept_job(&next);
	commit();
	expect_job(&next, NULL);
}
END_TEST

START_TEST(the_longest_and_the_largest_fit)
{
	struct job_record job = make_job(1);
	size_t size = 3 << 20;
	char *result = malloc(size + 1);

	ck_assert_ptr_nonnull(result);
	memset(result, 'x', size);
	result[size] = '\0';
	job.id = (struct job_id){UINT64_MAX, UINT64_MAX};
	memset(job.request.key, 'k', REQUEST_KEY_CHARS);
	memset(job.request.pool, 'p', POOL_NAME_CHARS);
	memset(job.reason, 'r', RESULT_REASON_CHARS);
	job.request.count = REQUEST_MAX_COUNT;
	job.request.workers = UINT32_MAX;
	job.attempts = UINT32_MAX;
	job.state = JOB_FAILED;
	job.ended_ms = UINT64_MAX;
	begin();
	ck_assert_int_eq(store_record(store, &job, result, size), STORE_DONE);
	commit();
	job.ended_ms = MEMBER_MAX_INTEGER; /* as on the wire */
	expect_job(&job, result);
	free(result);
}
END_TEST

/* --- transactions --- */

START_TEST(what_is_not_committed_is_not_there)
{
	struct job_record job = make_job(1);

	begin();
	accept_job(&job);
	expect_job(&job, NULL);
	expect_figures(1, 0);
	store_rollback(store);
	expect_no_job(job.id);
	expect_figures(0, 0);
	begin();
	accept_job(&job);
	reopen();
	expect_no_job(job.id);
}
END_TEST

START_TEST(changes_need_a_transaction)
{
	struct job_record job = make_job(1), there;
	uint32_t n;

	ck_assert_int_eq(store_accept(store, &job, &there), STORE_FAILED);
	ck_assert_int_eq(store_end(store, &job, "1", 1), STORE_FAILED);
	ck_assert_int_eq(store_record(store, &job, "1", 1), STORE_FAILED);
	ck_assert_int_eq(store_move(store, job.id, true, 1, 1), STORE_FAILED);
	ck_assert_int_eq(store_collect(store, job.id), STORE_FAILED);
	ck_assert_int_eq(store_trim(store, 1, 1, 1, &n), STORE_FAILED);
	ck_assert_int_eq(store_commit(store), -1);
	ck_assert_ptr_nonnull(strstr(store_error(store), "no transaction"));
	store_rollback(store);
	begin();
	ck_assert_int_eq(store_begin(store), -1);
	commit();
}
END_TEST

/* --- lists --- */

#define LISTED 60

static enum job_state
state_of(uint64_t number)
{
	return (enum job_state)(number % JOB_STATE_COUNT);
}

/* Jobs of all states, in two pools, with keys; five to a millisecond. */
static void
fill(void)
{
	begin();
	for (uint64_t i = 0; i < LISTED; i++) {
		/* Not in their order, as many frontends hand them in. */
		uint64_t number = i * 7 % LISTED;
		struct job_record job = make_job(number);
		struct job_record there;
		enum store_outcome outcome;

		job.accepted_ms = FIRST_MS + number / 5;
		job.id = make_id(job.accepted_ms, number);
		strcpy(job.request.pool, number % 3 == 0 ? "a" : "b");
		job.is_detached = number % 4 != 0 || number % 6 < 2;
		job.is_collected = number % 5 == 0 && number % 6 >= 2;
		if (job.is_detached)
			snprintf(job.request.key, sizeof(job.request.key),
			    "%s/%02d", number % 2 == 0 ? "even" : "odd",
			    (int)number);
		if (state_of(number) >= JOB_DONE) {
			end_job(&job, state_of(number));
			outcome = store_record(store, &job, "1", 1);
		} else {
			job.state = state_of(number);
			outcome = store_accept(store, &job, &there);
		}
		ck_assert_msg(outcome == STORE_DONE, "%s", store_error(store));
	}
	commit();
}

static bool
fits(const struct store_query *query, const struct job_record *job)
{
	return (query->states == 0 || query->states >> job->state & 1) &&
	    (query->pool[0] == '\0' ||
		strcmp(query->pool, job->request.pool) == 0) &&
	    strncmp(query->key, job->request.key, strlen(query->key)) == 0 &&
	    job->accepted_ms >= query->since_ms &&
	    (query->until_ms == 0 || job->accepted_ms < query->until_ms) &&
	    (!query->has_detached || query->is_detached == job->is_detached) &&
	    (!query->has_collected || query->is_collected == job->is_collected);
}

/* All jobs, the oldest first, by way of store_get(). */
static struct job_record all[LISTED];

static void
read_all(void)
{
	for (uint64_t number = 0; number < LISTED; number++)
		ck_assert_int_eq(
		    store_get(store, make_id(FIRST_MS + number / 5, number),
			&all[number], NULL),
		    STORE_DONE);
}

/* Pages of so many: together they are all that fits, in order. */
static void
expect_list(const struct store_query *asked, uint32_t limit)
{
	struct store_query query = *asked;
	struct job_record page[LISTED + 1];
	size_t next = 0;
	uint32_t n;

	query.limit = limit;
	do {
		ck_assert_msg(store_list(store, &query, page, &n) == STORE_DONE,
		    "%s", store_error(store));
		ck_assert_uint_le(n, limit);
		for (uint32_t i = 0; i < n; i++, next++) {
			const struct job_record *expected = NULL;

			for (; next < LISTED && expected == NULL; next++) {
				size_t k = query.newest_first
				    ? LISTED - 1 - next
				    : next;

				if (fits(&query, &all[k]))
					expected = &all[k];
			}
			ck_assert_ptr_nonnull(expected);
			ck_assert_ptr_null(find_difference(&page[i], expected));
			next--;
		}
		if (n > 0) {
			query.has_after = true;
			query.after = page[n - 1].id;
		}
	} while (n == limit);
	for (; next < LISTED; next++)
		ck_assert(!fits(&query,
		    &all[query.newest_first ? LISTED - 1 - next : next]));
}

/* Whether the condition is part of the combination, and which value it has. */
static int
pick(unsigned *combination, unsigned n)
{
	int picked = (int)(*combination % n);

	*combination /= n;
	return picked;
}

START_TEST(lists_hold_what_they_are_asked_for)
{
	static const uint32_t states[] = {0, 1U << JOB_QUEUED,
	    1U << JOB_RUNNING, 1U << JOB_DONE, 1U << JOB_TIMED_OUT,
	    1U << JOB_QUEUED | 1U << JOB_RUNNING,
	    ~(1U << JOB_QUEUED | 1U << JOB_RUNNING), UINT32_MAX};
	static const char *const pools[] = {"", "a", "none"};
	static const char *const keys[] = {"", "o", "even/1", "odd/07"};
	static const uint32_t limits[] = {1, 3, 7, LISTED + 1};
	unsigned n = 8 * 3 * 4 * 3 * 3 * 3 * 2;

	fill();
	read_all();
	for (unsigned i = 0; i < n; i++) {
		struct store_query query = {0};
		unsigned rest = i;
		int time, flag;

		query.states = states[pick(&rest, 8)];
		strcpy(query.pool, pools[pick(&rest, 3)]);
		strcpy(query.key, keys[pick(&rest, 4)]);
		time = pick(&rest, 3);
		query.since_ms = time > 0 ? FIRST_MS + 3 : 0;
		query.until_ms = time > 1 ? FIRST_MS + 8 : 0;
		flag = pick(&rest, 3);
		query.has_detached = flag > 0;
		query.is_detached = flag == 1;
		flag = pick(&rest, 3);
		query.has_collected = flag > 0;
		query.is_collected = flag == 1;
		query.newest_first = pick(&rest, 2) == 1;
		expect_list(&query, limits[i % 4]);
	}
}
END_TEST

/* Retention removes the oldest, and that may be where a reader has come to. */
START_TEST(paging_goes_on_behind_a_job_that_is_gone)
{
	struct store_query query = {.limit = 3};
	struct job_record page[3];
	uint32_t n;

	fill();
	query.has_after = true;
	query.after = make_id(FIRST_MS + 2, 12);
	query.after.low = 12 << 1; /* never was there */
	query.after.high = (FIRST_MS + 2) << 16;
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(page[0].id.low, 10);
	query.newest_first = true;
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_uint_eq(page[0].id.low, 9);
	query.after = (struct job_id){UINT64_MAX, UINT64_MAX};
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_uint_eq(page[0].id.low, LISTED - 1);
	query.newest_first = false;
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_uint_eq(n, 0);
	query.after = (struct job_id){0};
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_uint_eq(page[0].id.low, 0);
	query.newest_first = true;
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* The wall clock was set back: the later job was accepted earlier. */
START_TEST(order_is_by_the_time_of_acceptance)
{
	struct job_record first = make_job(5), second = make_job(6);
	struct job_record page[2];
	struct store_query query = {.limit = 1};
	uint32_t n;

	second.accepted_ms = FIRST_MS;
	begin();
	accept_job(&first);
	accept_job(&second);
	commit();
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_ptr_null(find_difference(&page[0], &second));
	query.has_after = true;
	query.after = second.id;
	ck_assert_int_eq(store_list(store, &query, page, &n), STORE_DONE);
	ck_assert_uint_eq(n, 1);
	ck_assert_ptr_null(find_difference(&page[0], &first));
}
END_TEST

struct seen {
	uint64_t n;
	struct job_record last;
};

static void
see(void *arg, const struct job_record *job)
{
	struct seen *seen = arg;

	ck_assert(job->state < JOB_DONE);
	ck_assert(seen->n == 0 || seen->last.accepted_ms < job->accepted_ms ||
	    seen->last.id.low < job->id.low);
	seen->last = *job;
	seen->n++;
}

START_TEST(all_that_is_unfinished_is_seen_in_order)
{
	struct seen seen = {0};

	fill();
	reopen();
	ck_assert_int_eq(store_each_unfinished(store, see, &seen), STORE_DONE);
	ck_assert_uint_eq(seen.n, LISTED / JOB_STATE_COUNT * 2);
	expect_figures(seen.n, LISTED - seen.n);
}
END_TEST

/* --- retention --- */

static void
record_many(uint64_t from, uint64_t n, size_t size)
{
	char *result = malloc(size);

	ck_assert_ptr_nonnull(result);
	memset(result, 'x', size);
	begin();
	for (uint64_t i = from; i < from + n; i++) {
		struct job_record job = make_job(i);

		end_job(&job, JOB_DONE);
		ck_assert_int_eq(
		    store_record(store, &job, result, size), STORE_DONE);
	}
	commit();
	free(result);
}

static uint32_t
trim(uint64_t before_ms, uint64_t max_bytes, uint32_t max_jobs)
{
	uint32_t n;

	begin();
	ck_assert_msg(
	    store_trim(store, before_ms, max_bytes, max_jobs, &n) == STORE_DONE,
	    "%s", store_error(store));
	commit();
	return n;
}

START_TEST(what_ended_long_ago_goes)
{
	struct job_record waiting = make_job(0);

	accept_and_commit(&waiting);
	record_many(1, 20, 100);
	/* The job of number i ended 100 ms after it was accepted. */
	ck_assert_uint_eq(trim(FIRST_MS + 100 + 11, 0, 4), 4);
	ck_assert_uint_eq(trim(FIRST_MS + 100 + 11, 0, 100), 6);
	ck_assert_uint_eq(trim(FIRST_MS + 100 + 11, 0, 100), 0);
	expect_figures(1, 10);
	expect_no_job(make_job(10).id);
	expect_job(&waiting, NULL);
	ck_assert_uint_eq(trim(UINT64_MAX, 0, 100), 10);
	expect_job(&waiting, NULL);
	expect_figures(1, 0);
}
END_TEST

static uint64_t
file_bytes(void)
{
	struct store_figures figures;

	ck_assert_int_eq(store_measure(store, &figures), STORE_DONE);
	return figures.file_bytes;
}

START_TEST(the_file_gets_smaller)
{
	struct stat status;
	uint64_t before, after;
	uint32_t n = 0, removed;

	record_many(1, 500, 10000);
	before = file_bytes();
	ck_assert_uint_gt(before, 500 * 10000);
	do {
		removed = trim(0, 1000000, 64);
		n += removed;
	} while (removed == 64);
	after = file_bytes();
	ck_assert_uint_gt(n, 380);
	ck_assert_uint_lt(n, 450);
	ck_assert_uint_le(after, 1000000);
	expect_no_job(make_job(n).id);
	expect_figures(0, 500 - n);
	/* And in the directory, when the log has been written back. */
	reopen();
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq((uint64_t)status.st_size, after);
	ck_assert_uint_eq(trim(0, 1, 1000), 500 - n);
	ck_assert_uint_lt(file_bytes(), 200000);
}
END_TEST

/* A log that only grew would fill the disk in the end. */
START_TEST(the_log_does_not_grow_without_end)
{
	struct stat status;
	char log[80];

	snprintf(log, sizeof(log), "%s-wal", path);
	for (uint64_t round = 0; round < 40; round++)
		record_many(1 + 100 * round, 100, 10000);
	ck_assert_int_eq(stat(log, &status), 0);
	ck_assert_int_lt(status.st_size, 10 << 20);
}
END_TEST

/* --- opening --- */

START_TEST(the_file_is_its_owners_alone)
{
	struct job_record job = make_job(1);
	struct stat status;
	char log[80];

	accept_and_commit(&job);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode, S_IFREG | 0600);
	snprintf(log, sizeof(log), "%s-wal", path);
	ck_assert_int_eq(stat(log, &status), 0);
	ck_assert_uint_eq(status.st_mode, S_IFREG | 0600);
}
END_TEST

static void
expect_in_use(void)
{
	ck_assert_ptr_null(open_store());
	ck_assert_msg(
	    strstr(why, "jobs.db: another process has it open") != NULL, "%s",
	    why);
}

START_TEST(a_second_one_is_refused)
{
	struct job_record job = make_job(1);
	pid_t pid;
	int status;

	expect_in_use();
	pid = fork();
	if (pid == 0) {
		expect_in_use();
		_exit(EXIT_SUCCESS);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	/* And the first one has lost nothing by it, its locks least of all. */
	accept_and_commit(&job);
	pid = fork();
	if (pid == 0) {
		expect_in_use();
		_exit(EXIT_SUCCESS);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	reopen();
	expect_job(&job, NULL);
}
END_TEST

START_TEST(a_directory_must_be_there)
{
	char *set_aside;

	ck_assert_ptr_null(store_open("/nonexistent", &set_aside, why));
	ck_assert_str_eq(
	    why, "/nonexistent/jobs.db: No such file or directory");
	ck_assert_ptr_null(set_aside);
}
END_TEST

/* The first version: the table, and only the indexes that tell jobs apart. */
static const char version_1[] =
    "CREATE TABLE job("
    " id BLOB NOT NULL UNIQUE, state INTEGER, attempts INTEGER,"
    " is_detached INTEGER, is_collected INTEGER, accepted_ms INTEGER,"
    " started_ms INTEGER, ended_ms INTEGER, reason TEXT, pool TEXT, key TEXT,"
    " count INTEGER, workers INTEGER, cost_ns INTEGER, timeout_ms INTEGER,"
    " wants_progress INTEGER, profile INTEGER, io_every INTEGER,"
    " io_for_us INTEGER, priority INTEGER, start_after_ms INTEGER,"
    " detach INTEGER, queue_ns INTEGER, wall_ns INTEGER, total_ns INTEGER,"
    " cpu_ns INTEGER, cpu_wait_ns INTEGER, lock_wait_ns INTEGER,"
    " lock_held_ns INTEGER, switch_wait_ns INTEGER, native_ns INTEGER,"
    " io_ns INTEGER, result TEXT);"
    "CREATE UNIQUE INDEX job_key ON job(key) WHERE key IS NOT NULL;"
    "CREATE INDEX job_unfinished ON job(accepted_ms, id) WHERE state < 2;"
    "CREATE INDEX job_ended ON job(ended_ms, id) WHERE state >= 2;"
    "INSERT INTO job VALUES(x'018bcfe568000203000000000000002a', 2, 1, 1, 0,"
    " 1700000000000, 1700000000001, 1700000000002, '', 'threads', 'mine',"
    " 42, 1, 0, 0, 0, 0, 0, 0, 4, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, '{}');"
    "PRAGMA application_id = 0x67696c64;"
    "PRAGMA user_version = 1;";

START_TEST(an_older_store_is_brought_up_to_date)
{
	struct store_query query = {.limit = 2, .pool = "threads"};
	struct job_record expected = {
	    .id = make_id(FIRST_MS, 42),
	    .state = JOB_DONE,
	    .attempts = 1,
	    .is_detached = true,
	    .accepted_ms = FIRST_MS,
	    .started_ms = FIRST_MS + 1,
	    .ended_ms = FIRST_MS + 2,
	    .timing = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
	};
	struct job_record page[2];
	uint32_t n;

	job_request_init(&expected.request);
	strcpy(expected.request.pool, "threads");
	strcpy(expected.request.key, "mine");
	expected.request.count = 42;
	expected.request.detach = true;
	run_sql(version_1);
	for (int i = 0; i < 2; i++) {
		reopen();
		expect_job(&expected, "{}");
		expect_figures(0, 1);
		ck_assert_int_eq(
		    store_list(store, &query, page, &n), STORE_DONE);
		ck_assert_uint_eq(n, 1);
		ck_assert_ptr_null(find_difference(&page[0], &expected));
	}
}
END_TEST

/* Refused, for that reason, and the same afterwards to the last byte. */
static void
expect_refusal(const char *reason)
{
	char copy[80], command[200];

	snprintf(copy, sizeof(copy), "%s/copy", folder);
	snprintf(command, sizeof(command), "cp %s %s", path, copy);
	ck_assert_int_eq(system(command), 0);
	ck_assert_ptr_null(open_store());
	ck_assert_msg(strstr(why, reason) != NULL, "%s", why);
	snprintf(command, sizeof(command), "cmp %s %s", path, copy);
	ck_assert_int_eq(system(command), 0);
	snprintf(command, sizeof(command), "%s-wal", path);
	ck_assert_int_ne(access(command, F_OK), 0);
}

START_TEST(a_newer_store_is_left_alone)
{
	run_sql("CREATE TABLE job(everything);"
		"PRAGMA application_id = 0x67696c64;"
		"PRAGMA user_version = 1000");
	expect_refusal("has version 1000, of a newer gild");
}
END_TEST

START_TEST(anothers_database_is_left_alone)
{
	run_sql("CREATE TABLE job(mine); INSERT INTO job VALUES (1)");
	expect_refusal("is no job store of gild");
	run_sql("PRAGMA application_id = 252006673");
	expect_refusal("is no job store of gild");
}
END_TEST

START_TEST(an_empty_file_is_a_new_store)
{
	struct job_record job = make_job(1);

	write_file(path, "");
	store = open_store();
	ck_assert_msg(store != NULL, "%s", why);
	accept_and_commit(&job);
	reopen();
	expect_job(&job, NULL);
}
END_TEST

START_TEST(what_cannot_be_written_is_refused)
{
	if (geteuid() == 0)
		return;
	write_file(path, "");
	ck_assert_int_eq(chmod(path, 0400), 0);
	ck_assert_ptr_null(open_store());
	ck_assert_msg(strstr(why, "cannot be written to") != NULL, "%s", why);
}
END_TEST

/* --- damage --- */

/* Opens what is damaged. The path it has now, to be freed. */
static char *
open_damaged(const char *reason)
{
	char *set_aside;

	store = store_open(folder, &set_aside, why);
	ck_assert_msg(store != NULL, "%s", why);
	ck_assert_ptr_nonnull(set_aside);
	ck_assert_ptr_nonnull(strstr(set_aside, "/jobs.db.damaged-20"));
	ck_assert_msg(strstr(why, reason) != NULL, "%s", why);
	expect_figures(0, 0);
	return set_aside;
}

START_TEST(what_is_no_database_is_set_aside)
{
	struct job_record job = make_job(1);
	char log[80], aside_log[120];
	char *first, *second;

	snprintf(log, sizeof(log), "%s-wal", path);
	write_file(path,
	    "this is no database, and quite long enough for it: "
	    "a hundred bytes are what a header takes, or more");
	write_file(log, "nor is this a log");
	first = open_damaged("not a database");
	accept_and_commit(&job);
	reopen();
	expect_job(&job, NULL);
	store_close(store);
	/* Within the same second, so that the names are in each other's way. */
	write_file(path,
	    "nor is this one, though it says so in other words, "
	    "and at the same length: a hundred and some bytes");
	second = open_damaged("not a database");
	ck_assert_str_ne(first, second);
	expect_file(first,
	    "this is no database, and quite long enough for it: "
	    "a hundred bytes are what a header takes, or more");
	snprintf(aside_log, sizeof(aside_log), "%s-wal", first);
	expect_file(aside_log, "nor is this a log");
	free(first);
	free(second);
}
END_TEST

/* Overwrites a piece of the file with something else. */
static void
scribble(long offset, size_t size)
{
	FILE *file = fopen(path, "r+");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseek(file, offset, SEEK_SET), 0);
	for (size_t i = 0; i < size; i++)
		fputc(0xa5, file);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_damaged_page_is_found)
{
	char *aside;

	store = open_store();
	record_many(1, 500, 1000);
	store_close(store);
	store = NULL;
	scribble(4096 * 60, 4096);
	aside = open_damaged("jobs.db: ");
	free(aside);
}
END_TEST

START_TEST(a_file_that_is_cut_off_is_found)
{
	char *aside;

	store = open_store();
	record_many(1, 500, 1000);
	store_close(store);
	store = NULL;
	ck_assert_int_eq(truncate(path, 4096 * 20), 0);
	aside = open_damaged("malformed");
	free(aside);
}
END_TEST

START_TEST(our_numbers_without_our_table_are_damage)
{
	char *aside;

	run_sql("CREATE TABLE job(everything);"
		"PRAGMA application_id = 0x67696c64;"
		"PRAGMA user_version = 2");
	aside = open_damaged("no such");
	free(aside);
}
END_TEST

/* A log whose file is gone: SQLite would remove it, with what is in it. */
START_TEST(a_log_that_is_left_over_is_kept)
{
	char log[80];
	char *aside;

	snprintf(log, sizeof(log), "%s-wal", path);
	write_file(log, "jobs");
	aside = open_damaged("left its log behind");
	snprintf(log, sizeof(log), "%s-wal", aside);
	expect_file(log, "jobs");
	free(aside);
}
END_TEST

/* Rows that are no jobs: each is told of, and harms nobody. */
START_TEST(rows_that_make_no_sense_are_told_of)
{
	static const char *const changes[] = {
	    "state = 0.5",
	    "state = -1",
	    "profile = 3",
	    "is_detached = 2",
	    "count = 0",
	    "count = 'many'",
	    "count = NULL",
	    "workers = 4294967296",
	    "priority = 10",
	    "accepted_ms = -5",
	    "pool = ''",
	    "pool = NULL",
	    "pool = x'61'",
	    "pool = printf('%.32c', 'a')",
	    "pool = 'a' || char(0)",
	    "key = printf('%.129c', 'a')",
	    "key = 'a' || char(10)",
	    "key = CAST(x'6180' AS TEXT)",
	    "reason = printf('%.160c', 'a')",
	    "reason = x'37'",
	    "io_every = 0",
	    "profile = 0",
	};

	for (size_t i = 0; i < COUNT(changes); i++) {
		struct job_record jobs[3] = {
		    make_job(1), make_job(2), make_job(3)};
		struct store_query query = {.limit = 2};
		struct job_record job, page[2];
		struct seen seen = {0};
		char sql[200];
		uint32_t n;

		begin();
		for (int k = 0; k < 3; k++)
			accept_job(&jobs[k]);
		commit();
		store_close(store);
		snprintf(sql, sizeof(sql),
		    "UPDATE job SET %s WHERE count = 1002", changes[i]);
		run_sql(sql);
		store = open_store();
		ck_assert_msg(store != NULL, "%s: %s", changes[i], why);
		ck_assert_msg(
		    store_get(store, jobs[1].id, &job, NULL) == STORE_DAMAGED,
		    "%s", changes[i]);
		ck_assert_ptr_nonnull(
		    strstr(store_error(store), "makes no sense"));
		expect_job(&jobs[0], NULL);
		ck_assert_int_eq(
		    store_each_unfinished(store, see, &seen), STORE_DAMAGED);
		ck_assert_uint_eq(seen.n, 2);
		ck_assert_int_ne(
		    store_list(store, &query, page, &n), STORE_FAILED);
		ck_assert_uint_eq(n, 2);
		ck_assert_ptr_null(find_difference(&page[0], &jobs[0]));
		ck_assert_ptr_null(find_difference(&page[1], &jobs[2]));
		store_close(store);
		run_sql("DELETE FROM job");
		store = open_store();
	}
}
END_TEST

START_TEST(a_damaged_result_is_told_of)
{
	struct job_record job = make_job(1), got;
	char *result;

	end_job(&job, JOB_DONE);
	record_and_commit(&job);
	store_close(store);
	run_sql("UPDATE job SET result = NULL");
	store = open_store();
	ck_assert_int_eq(
	    store_get(store, job.id, &got, &result), STORE_DAMAGED);
	ck_assert_ptr_null(result);
	store_close(store);
	run_sql("UPDATE job SET result = 'a' || char(0) || 'b'");
	store = open_store();
	ck_assert_int_eq(
	    store_get(store, job.id, &got, &result), STORE_DAMAGED);
	ck_assert_ptr_null(result);
	ck_assert_int_eq(store_get(store, job.id, &got, NULL), STORE_DONE);
}
END_TEST

/* A key whose row is damaged: the others of the commit do not suffer. */
START_TEST(a_damaged_row_spares_the_transaction)
{
	struct job_record job = make_job(1), next = make_job(2), there;

	strcpy(job.request.key, "a");
	accept_and_commit(&job);
	store_close(store);
	run_sql("UPDATE job SET workers = -1");
	store = open_store();
	begin();
	accept_job(&next);
	ck_assert_int_eq(store_accept(store, &job, &there), STORE_DAMAGED);
	commit();
	reopen();
	expect_job(&next, NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store");
	TCase *jobs = tcase_create("jobs");
	TCase *lists = tcase_create("lists");
	TCase *retention = tcase_create("retention");
	TCase *files = tcase_create("files");
	TCase *others = tcase_create("files of others");

	tcase_add_checked_fixture(jobs, setup, teardown);
	tcase_add_test(jobs, a_job_goes_its_way);
	tcase_add_test(jobs, an_end_is_the_end);
	tcase_add_test(jobs, only_what_has_ended_is_collected);
	tcase_add_test(jobs, a_plain_jobs_history_is_kept);
	tcase_add_test(jobs, an_id_or_a_key_is_there_once);
	tcase_add_test(jobs, a_key_is_free_again_with_its_job_gone);
	tcase_add_test(jobs, the_longest_and_the_largest_fit);
	tcase_add_test(jobs, what_is_not_committed_is_not_there);
	tcase_add_test(jobs, changes_need_a_transaction);
	suite_add_tcase(suite, jobs);
	tcase_add_checked_fixture(lists, setup, teardown);
	tcase_add_test(lists, lists_hold_what_they_are_asked_for);
	tcase_add_test(lists, paging_goes_on_behind_a_job_that_is_gone);
	tcase_add_test(lists, order_is_by_the_time_of_acceptance);
	tcase_add_test(lists, all_that_is_unfinished_is_seen_in_order);
	suite_add_tcase(suite, lists);
	tcase_add_checked_fixture(retention, setup, teardown);
	tcase_add_test(retention, what_ended_long_ago_goes);
	tcase_add_test(retention, the_file_gets_smaller);
	tcase_add_test(retention, the_log_does_not_grow_without_end);
	suite_add_tcase(suite, retention);
	tcase_add_checked_fixture(files, setup, teardown);
	tcase_add_test(files, the_file_is_its_owners_alone);
	tcase_add_test(files, a_second_one_is_refused);
	tcase_add_test(files, a_directory_must_be_there);
	tcase_add_test(files, rows_that_make_no_sense_are_told_of);
	tcase_add_test(files, a_damaged_result_is_told_of);
	tcase_add_test(files, a_damaged_row_spares_the_transaction);
	suite_add_tcase(suite, files);
	tcase_add_checked_fixture(others, setup_without_store, teardown);
	tcase_add_test(others, an_older_store_is_brought_up_to_date);
	tcase_add_test(others, a_newer_store_is_left_alone);
	tcase_add_test(others, anothers_database_is_left_alone);
	tcase_add_test(others, an_empty_file_is_a_new_store);
	tcase_add_test(others, what_cannot_be_written_is_refused);
	tcase_add_test(others, what_is_no_database_is_set_aside);
	tcase_add_test(others, a_damaged_page_is_found);
	tcase_add_test(others, a_file_that_is_cut_off_is_found);
	tcase_add_test(others, our_numbers_without_our_table_are_damage);
	tcase_add_test(others, a_log_that_is_left_over_is_kept);
	suite_add_tcase(suite, others);
	return suite_main(suite);
}
