/* Files that are there whole or not at all. */
#include "client/outfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static char folder[] = "/tmp/outfile-XXXXXX";
static char path[64];

static void
set_up(void)
{
	strcpy(folder, "/tmp/outfile-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
}

/* Removes what there is; returns how many files there were. */
static int
tear_down(void)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		unlinkat(dirfd(dir), entry->d_name, 0);
		n++;
	}
	closedir(dir);
	ck_assert_int_eq(rmdir(folder), 0);
	return n;
}

static void
expect_content(const char *name, const char *text)
{
	char content[64] = "";
	FILE *stream = fopen(name, "r");

	ck_assert_ptr_nonnull(stream);
	content[fread(content, 1, sizeof(content) - 1, stream)] = '\0';
	fclose(stream);
	ck_assert_str_eq(content, text);
}

static void
put(const char *text)
{
	FILE *stream = fopen(path, "w");

	ck_assert_ptr_nonnull(stream);
	fputs(text, stream);
	fclose(stream);
}

START_TEST(a_new_file)
{
	struct outfile file;
	struct stat status;
	mode_t mask = umask(027);

	set_up();
	ck_assert_int_eq(outfile_open(&file, path), 0);
	fputs("new", file.stream);
	ck_assert_int_eq(access(path, F_OK), -1); /* not yet */
	ck_assert_int_eq(outfile_commit(&file), 0);
	expect_content(path, "new");
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0640);
	umask(mask);
	ck_assert_int_eq(tear_down(), 1);
}
END_TEST

START_TEST(the_old_one_stays_until_then)
{
	struct outfile file;

	set_up();
	put("old");
	ck_assert_int_eq(outfile_open(&file, path), 0);
	fputs("new", file.stream);
	fflush(file.stream);
	expect_content(path, "old");
	outfile_abandon(&file);
	expect_content(path, "old");
	ck_assert_int_eq(outfile_open(&file, path), 0);
	fputs("new", file.stream);
	ck_assert_int_eq(outfile_commit(&file), 0);
	expect_content(path, "new");
	ck_assert_int_eq(tear_down(), 1);
}
END_TEST

START_TEST(what_a_link_points_to_is_replaced)
{
	struct outfile file;
	struct stat status;
	char link[80];

	set_up();
	put("old");
	snprintf(link, sizeof(link), "%s/link", folder);
	ck_assert_int_eq(symlink("file", link), 0);
	ck_assert_int_eq(outfile_open(&file, link), 0);
	fputs("new", file.stream);
	ck_assert_int_eq(outfile_commit(&file), 0);
	expect_content(path, "new");
	ck_assert_int_eq(lstat(link, &status), 0);
	ck_assert(S_ISLNK(status.st_mode));
	ck_assert_int_eq(tear_down(), 2);
}
END_TEST

START_TEST(a_folder_that_is_not_there)
{
	struct outfile file;

	ck_assert_int_eq(outfile_open(&file, "/no/such/folder/file"), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	struct outfile file;

	ck_assert_int_eq(outfile_open(&file, "/dev/full"), 0);
	fputs("text", file.stream);
	ck_assert_int_eq(outfile_commit(&file), -1);
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

/* The temporary file goes, and what stood there stays. */
START_TEST(a_failed_write_leaves_nothing)
{
	struct outfile file;

	set_up();
	put("old");
	ck_assert_int_eq(outfile_open(&file, path), 0);
	/* A descriptor that cannot be written to takes its place. */
	ck_assert_int_eq(dup2(open("/dev/full", O_WRONLY), fileno(file.stream)),
	    fileno(file.stream));
	fputs("new", file.stream);
	ck_assert_int_eq(outfile_commit(&file), -1);
	ck_assert_int_eq(errno, ENOSPC);
	expect_content(path, "old");
	ck_assert_int_eq(tear_down(), 1);
}
END_TEST

START_TEST(standard_output_is_not_closed)
{
	struct outfile file;

	ck_assert_int_eq(outfile_open(&file, "-"), 0);
	ck_assert_ptr_eq(file.stream, stdout);
	ck_assert_int_eq(outfile_commit(&file), 0);
	ck_assert_int_eq(outfile_open(&file, "-"), 0);
	outfile_abandon(&file);
	ck_assert_int_ge(fileno(stdout), 0);
	ck_assert_int_eq(fflush(stdout), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("outfile");
	TCase *tcase = tcase_create("outfile");

	tcase_add_test(tcase, a_new_file);
	tcase_add_test(tcase, the_old_one_stays_until_then);
	tcase_add_test(tcase, what_a_link_points_to_is_replaced);
	tcase_add_test(tcase, a_folder_that_is_not_there);
	tcase_add_test(tcase, a_full_disk_is_told);
	tcase_add_test(tcase, a_failed_write_leaves_nothing);
	tcase_add_test(tcase, standard_output_is_not_closed);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
