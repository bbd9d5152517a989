/*
 * The rows and the file of the job store, which a disk may have changed, or a
 * hand. The first byte says what the others are: values of rows that are put
 * into a store by SQL of the target's own, of any type and length; changes to
 * the bytes of a good file; or all of a file. Then everything is asked for, and
 * a little is changed: what is read is a job that can be sent, or is damaged.
 */
#include "daemon/store.h"

#include <dirent.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store_private.h"
#include "tests/fuzz/fuzz.h"

#define ROWS 3
#define COLUMNS 33 /* of the table */
#define LISTED 4
#define FIRST_MS UINT64_C(1700000000000)

struct input {
	const uint8_t *data;
	size_t size;
};

static char folder[32];
static char path[48];
static uint8_t *good_file;
static size_t good_size;

/* --- the input --- */

static uint8_t
take_byte(struct input *input)
{
	if (input->size == 0)
		return UINT8_MAX;
	input->size--;
	return *input->data++;
}

static int64_t
take_number(struct input *input, int n_bytes)
{
	uint64_t number = 0;

	for (int i = 0; i < n_bytes; i++)
		number = number << 8 | take_byte(input);
	return (int64_t)number;
}

/* Up to so many bytes, which the input holds: how many. */
static size_t
take_bytes(struct input *input, size_t n, const uint8_t **bytes)
{
	if (n > input->size)
		n = input->size;
	*bytes = input->data;
	input->data += n;
	input->size -= n;
	return n;
}

/* --- the folder --- */

static void
empty_folder(void)
{
	DIR *listing = opendir(folder);
	struct dirent *entry;

	MUST(listing != NULL);
	while ((entry = readdir(listing)) != NULL) {
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(listing), entry->d_name, 0);
	}
	closedir(listing);
}

static void
remove_folder(void)
{
	empty_folder();
	rmdir(folder);
}

static void
write_file(const uint8_t *data, size_t size)
{
	FILE *file = fopen(path, "wb");

	MUST(file != NULL);
	MUST(fwrite(data, 1, size, file) == size);
	MUST(fclose(file) == 0);
}

/* --- what is asked --- */

static void
check_job(const struct job_record *job)
{
	json_t *request = job_request_to_json(&job->request);
	json_t *reason = json_string(job->reason);

	MUST(request != NULL && reason != NULL);
	MUST(job->state < JOB_STATE_COUNT);
	MUST(pool_name_is_valid(job->request.pool));
	MUST(job->request.key[0] == '\0' || job_key_is_valid(job->request.key));
	MUST(job->request.workers > 0 && job->request.count > 0);
	json_decref(request);
	json_decref(reason);
}

static void
check_outcome(struct store *store, enum store_outcome outcome)
{
	if (outcome == STORE_FAILED || outcome == STORE_DAMAGED)
		MUST(strstr(store_error(store), "jobs.db: ") != NULL);
}

static void
get(struct store *store, struct job_id id)
{
	struct job_record job;
	char *result;
	enum store_outcome outcome = store_get(store, id, &job, &result);

	check_outcome(store, outcome);
	MUST(outcome != STORE_THERE);
	if (outcome == STORE_DONE) {
		check_job(&job);
		MUST(job_id_equals(job.id, id));
		MUST((result != NULL) == (job.state >= JOB_DONE));
	} else {
		MUST(result == NULL);
	}
	free(result);
}

static void
list(struct store *store, struct store_query *query)
{
	struct job_record jobs[LISTED];
	enum store_outcome outcome;
	uint32_t n;

	query->limit = LISTED;
	for (int page = 0; page < 3; page++) {
		outcome = store_list(store, query, jobs, &n);
		check_outcome(store, outcome);
		MUST(outcome == STORE_DONE || outcome == STORE_DAMAGED ||
		    outcome == STORE_FAILED);
		MUST(n <= LISTED);
		for (uint32_t i = 0; i < n; i++) {
			check_job(&jobs[i]);
			get(store, jobs[i].id);
		}
		if (n == 0 || outcome == STORE_FAILED)
			break;
		query->has_after = true;
		query->after = jobs[n - 1].id;
	}
}

/* Lists by each index, both ways, with conditions of the input's. */
static void
list_all(struct store *store, struct input *input)
{
	uint8_t flags = take_byte(input);
	struct store_query conditions = {
	    .newest_first = flags & 1,
	    .has_detached = flags & 2,
	    .is_detached = flags & 4,
	    .has_collected = flags & 8,
	    .is_collected = flags & 16,
	};
	struct store_query query;

	if (flags & 32)
		conditions.since_ms = (uint64_t)take_number(input, 8);
	if (flags & 64)
		conditions.until_ms = (uint64_t)take_number(input, 8);
	query = conditions;
	list(store, &query);
	query = conditions;
	query.states = take_byte(input);
	list(store, &query);
	query = conditions;
	query.pool[0] = (char)take_byte(input);
	list(store, &query);
	query = conditions;
	query.key[0] = (char)take_byte(input);
	query.key[1] = (char)take_byte(input);
	list(store, &query);
}

static void
see(void *arg, const struct job_record *job)
{
	(void)arg;
	check_job(job);
	MUST(job->state < JOB_DONE);
}

static struct job_id
id_of(int row)
{
	return (struct job_id){FIRST_MS << 16, (uint64_t)row};
}

/* What the daemon would do to jobs of these ids, and more. */
static void
change(struct store *store)
{
	struct job_record job = {.id = id_of(0), .state = JOB_QUEUED}, there;
	enum store_outcome outcome;
	uint32_t n;

	job_request_init(&job.request);
	job.request.count = 1;
	strcpy(job.request.key, "k");
	outcome = store_accept(store, &job, &there);
	check_outcome(store, outcome);
	if (outcome == STORE_THERE)
		check_job(&there);
	check_outcome(store, store_move(store, id_of(1), true, 1, FIRST_MS));
	job.state = JOB_DONE;
	check_outcome(store, store_end(store, &job, "{}", 2));
	check_outcome(store, store_collect(store, id_of(2)));
	check_outcome(store, store_trim(store, FIRST_MS, 1 << 14, 2, &n));
}

static void
ask_all(struct store *store, struct input *input)
{
	struct store_figures figures;

	for (int i = 0; i < ROWS; i++)
		get(store, id_of(i));
	check_outcome(store, store_each_unfinished(store, see, NULL));
	list_all(store, input);
	check_outcome(store, store_measure(store, &figures));
}

/* --- rows --- */

/* As the daemon writes it, in the order of the table. */
static int
bind_good(sqlite3_stmt *statement, int column, int row)
{
	if (column == 0)
		return store_bind_id(statement, 1, id_of(row));
	if (column == 8) /* reason */
		return sqlite3_bind_text(
		    statement, column + 1, "", -1, SQLITE_STATIC);
	if (column == 9) /* pool */
		return sqlite3_bind_text(
		    statement, column + 1, "a", -1, SQLITE_STATIC);
	if (column == 10 || column == COLUMNS - 1) /* key, result */
		return sqlite3_bind_null(statement, column + 1);
	/* Queued, and of the profile cpu; a count and workers of 1. */
	return sqlite3_bind_int64(
	    statement, column + 1, column == 11 || column == 12);
}

static int
bind_any(sqlite3_stmt *statement, int column, int row, struct input *input)
{
	uint8_t type = take_byte(input);
	const uint8_t *bytes;
	size_t n;

	switch (type & 7) {
	case 0:
		return sqlite3_bind_null(statement, column + 1);
	case 1:
		return sqlite3_bind_int64(
		    statement, column + 1, (int8_t)take_byte(input));
	case 2:
		return sqlite3_bind_int64(
		    statement, column + 1, take_number(input, 8));
	case 3:
		return sqlite3_bind_double(
		    statement, column + 1, (double)take_number(input, 4) / 7);
	case 4:
		n = take_bytes(input, type >> 3, &bytes);
		return sqlite3_bind_text(statement, column + 1,
		    (const char *)bytes, (int)n, SQLITE_TRANSIENT);
	case 5:
		n = take_bytes(input, type >> 3, &bytes);
		return sqlite3_bind_blob(
		    statement, column + 1, bytes, (int)n, SQLITE_TRANSIENT);
	case 6: /* long */
		n = take_byte(input);
		return sqlite3_bind_zeroblob(
		    statement, column + 1, (int)(n * n));
	default:
		return bind_good(statement, column, row);
	}
}

static void
insert_rows(sqlite3 *db, struct input *input)
{
	sqlite3_stmt *statement;
	char sql[200] = "INSERT OR REPLACE INTO job VALUES (?";

	for (int i = 1; i < COLUMNS; i++)
		strcat(sql, ", ?");
	strcat(sql, ")");
	MUST(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK);
	for (int row = 0; row < ROWS; row++) {
		for (int i = 0; i < COLUMNS; i++)
			MUST(bind_any(statement, i, row, input) == SQLITE_OK);
		/* The id is not to be NULL, and else there is no rule. */
		sqlite3_step(statement);
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
}

static void
try_rows(struct input *input)
{
	static struct store *store;
	char error[STORE_ERROR_CHARS + 1];
	char *set_aside;

	if (store == NULL) {
		empty_folder();
		store = store_open(folder, &set_aside, error);
		MUST(store != NULL && set_aside == NULL);
		/* It stays open, without a name: the folder is used again. */
		empty_folder();
	}
	MUST(store_begin(store) == 0);
	insert_rows(store->db, input);
	ask_all(store, input);
	change(store);
	ask_all(store, input);
	store_rollback(store);
}

/* --- files --- */

static void
try_file(struct input *input)
{
	char error[STORE_ERROR_CHARS + 1];
	char *set_aside;
	struct store *store = store_open(folder, &set_aside, error);

	if (store == NULL) {
		MUST(strstr(error, "jobs.db: ") != NULL);
	} else {
		ask_all(store, input);
		if (store_begin(store) == 0) {
			change(store);
			if (store_commit(store) != 0)
				check_outcome(store, STORE_FAILED);
		}
		ask_all(store, input);
	}
	MUST(set_aside == NULL || access(set_aside, F_OK) == 0);
	free(set_aside);
	store_close(store);
	empty_folder();
}

static void
try_changes(struct input *input)
{
	uint8_t *file = malloc(good_size);
	const uint8_t *bytes;

	MUST(file != NULL);
	memcpy(file, good_file, good_size);
	while (input->size > 0) {
		size_t at = (size_t)take_number(input, 3) % good_size;
		size_t n = take_bytes(input, take_byte(input) & 31, &bytes);

		if (n > good_size - at)
			n = good_size - at;
		memcpy(file + at, bytes, n);
	}
	write_file(file, good_size);
	free(file);
	try_file(input);
}

/* --- all --- */

static void
make_good_file(void)
{
	char error[STORE_ERROR_CHARS + 1];
	char *set_aside;
	struct store *store = store_open(folder, &set_aside, error);
	FILE *file;

	MUST(store != NULL);
	MUST(store_begin(store) == 0);
	for (int i = 0; i < 2 * ROWS; i++) {
		struct job_record job = {.id = id_of(i), .is_detached = true};
		struct job_record there;

		job_request_init(&job.request);
		job.request.count = 1;
		job.accepted_ms = FIRST_MS;
		snprintf(job.request.key, sizeof(job.request.key), "k%d", i);
		if (i % 2 == 0) {
			MUST(store_accept(store, &job, &there) == STORE_DONE);
		} else {
			job.state = JOB_FAILED;
			MUST(store_record(store, &job, "{}", 2) == STORE_DONE);
		}
	}
	MUST(store_commit(store) == 0);
	store_close(store);
	good_file = malloc(1 << 20);
	file = fopen(path, "rb");
	MUST(good_file != NULL && file != NULL);
	good_size = fread(good_file, 1, 1 << 20, file);
	MUST(good_size > 0 && fclose(file) == 0);
	empty_folder();
}

static void
set_up(void)
{
	/* In memory, where there is such a place: a sync takes its time. */
	strcpy(folder, "/dev/shm/fuzz_store-XXXXXX");
	if (mkdtemp(folder) == NULL) {
		strcpy(folder, "/tmp/fuzz_store-XXXXXX");
		MUST(mkdtemp(folder) != NULL);
	}
	snprintf(path, sizeof(path), "%s/jobs.db", folder);
	atexit(remove_folder);
	make_good_file();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};

	if (folder[0] == '\0')
		set_up();
	switch (take_byte(&input) % 4) {
	case 0:
		write_file(input.data, input.size);
		try_file(&input);
		break;
	case 1:
		try_changes(&input);
		break;
	default:
		try_rows(&input);
	}
	return 0;
}
