/* Who the server is, and which of its pools serves for what. */
#include "client/roster.h"

#include <check.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct roster roster;

static void
read_pools(const char *pools)
{
	json_t *info = json_pack("{s:s, s:i, s:o}", "version", "1.2.3", "cores",
	    4, "pools", json_loads(pools, 0, NULL));

	ck_assert_ptr_nonnull(info);
	roster = roster_read(info);
	json_decref(info);
}

static void
expect_choice(enum roster_role role, const char *name)
{
	const struct roster_pool *pool = roster_choose(&roster, role);

	ck_assert_msg((pool == NULL) == (name == NULL), "%s: %s",
	    roster_role_name(role), pool != NULL ? pool->name : "none");
	if (pool != NULL)
		ck_assert_str_eq(pool->name, name);
}

#define LOCK(locks, policy)                                         \
	"\"lock\":{\"locks\":" #locks ",\"policy\":\"" policy "\"," \
	"\"interval_us\":5000,\"quantum_us\":700}"
#define POOL(name, kind, size, lock)                                   \
	"{\"name\":\"" name "\",\"kind\":\"" kind "\",\"size\":" #size \
	"," lock "}"

START_TEST(all_roles_are_found)
{
	read_pools("[" POOL("p", "processes", 2, "\"lock\":null") "," POOL(
	    "k", "threads", 8, LOCK(2, "interval")) "," POOL("t", "threads", 4,
	    LOCK(1, "interval")) "," POOL("threads", "threads", 3,
	    LOCK(1, "interval")) "," POOL("loose", "threads", 4,
	    LOCK(0, "interval")) "," POOL("stubborn", "threads", 4,
	    LOCK(1, "hold")) "," POOL("ruby", "threads", 4,
	    LOCK(1, "fair")) "]");
	ck_assert_str_eq(roster.version, "1.2.3");
	ck_assert_uint_eq(roster.cores, 4);
	ck_assert_uint_eq(roster.n_pools, 7);
	expect_choice(ROLE_PROCESSES, "p");
	expect_choice(ROLE_THREADS, "threads");
	expect_choice(ROLE_FREE, "loose");
	expect_choice(ROLE_HOLD, "stubborn");
	expect_choice(ROLE_FAIR, "ruby");
	expect_choice(ROLE_TICKS, NULL);
	ck_assert_str_eq(
	    roster_choose_large(&roster, ROLE_THREADS, 4)->name, "t");
	ck_assert_ptr_null(roster_choose_large(&roster, ROLE_THREADS, 5));
	ck_assert(roster_pool_has_lock(roster_find(&roster, "t")));
	ck_assert(!roster_pool_has_lock(roster_find(&roster, "loose")));
	ck_assert(!roster_pool_has_lock(roster_find(&roster, "p")));
	ck_assert_str_eq(roster_find(&roster, "loose")->policy, "");
	ck_assert_uint_eq(roster_find(&roster, "t")->interval_us, 5000);
	ck_assert_uint_eq(roster_find(&roster, "ruby")->quantum_us, 700);
	ck_assert_ptr_null(roster_find(&roster, "nobody"));
}
END_TEST

/* A name alone is no reason. */
START_TEST(what_is_called_so_has_to_be_so)
{
	read_pools("[" POOL("hold", "threads", 4, LOCK(1, "interval")) "," POOL(
	    "threads", "processes", 4, "\"lock\":null") "]");
	expect_choice(ROLE_HOLD, NULL);
	expect_choice(ROLE_THREADS, "hold");
	expect_choice(ROLE_PROCESSES, "threads");
}
END_TEST

START_TEST(an_older_server_has_one_lock)
{
	read_pools("[" POOL("t", "threads", 4,
	    "\"lock\":{\"policy\":\"interval\",\"interval_us\":5}") "]");
	expect_choice(ROLE_THREADS, "t");
}
END_TEST

START_TEST(nonsense_is_left_out)
{
	char pools[4096] = "[";

	for (size_t i = 0; i < 2 * ROSTER_MAX_POOLS; i++)
		strcat(pools, i > 0 ? ",{}" : "{}");
	strcat(pools, "]");
	read_pools(pools);
	ck_assert_uint_eq(roster.n_pools, ROSTER_MAX_POOLS);
	roster = roster_read(NULL);
	ck_assert_uint_eq(roster.n_pools, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("roster");
	TCase *tcase = tcase_create("roster");

	tcase_add_test(tcase, all_roles_are_found);
	tcase_add_test(tcase, what_is_called_so_has_to_be_so);
	tcase_add_test(tcase, an_older_server_has_one_lock);
	tcase_add_test(tcase, nonsense_is_left_out);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
