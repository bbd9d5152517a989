/*
 * The places of a load generator's connection: how many there are, that each
 * is in one state, and whose they are in a closed loop.
 */
#include "client/load_connection.h"

#include <check.h>

#include "tests/unit/load_fixture.h"
#include "tests/unit/suite.h"

static struct load_script script;
static struct load_connection connection;

static void
begin(const char *text, uint32_t number, uint32_t in_flight)
{
	load_fixture(&script, text);
	connection = (struct load_connection){0};
	ck_assert_int_eq(
	    load_connection_init(&connection, number, &script, in_flight), 0);
}

#define OPEN                                          \
	"{\"phases\":[{\"for_ms\":1000,\"rate\":1}]," \
	"\"classes\":[{\"count\":1}]}"
#define CLOSED                                                         \
	"{\"mode\":\"closed\",\"clients\":5,\"in_flight\":3,"          \
	"\"connections\":2,\"phases\":[{\"for_ms\":1}],\"classes\":[{" \
	"\"count\":1}]}"

START_TEST(a_place_is_idle_or_busy)
{
	begin(OPEN, 0, 3);
	ck_assert_uint_eq(connection.n_idle, 3);
	ck_assert(!load_connection_is_busy(&connection));
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t place = load_connection_take(&connection);

		ck_assert_uint_eq(place, i);
		ck_assert(!load_connection_has(&connection, place));
		connection.slots[place].is_busy = true;
		ck_assert(load_connection_has(&connection, place));
	}
	ck_assert(load_connection_is_busy(&connection));
	/* What is no place has no job. */
	ck_assert(!load_connection_has(&connection, 3));
	ck_assert(!load_connection_has(&connection, UINT64_MAX));
	load_connection_give(&connection, 1);
	ck_assert(!load_connection_has(&connection, 1));
	ck_assert_uint_eq(load_connection_take(&connection), 1);
	load_connection_free(&connection);
}
END_TEST

START_TEST(who_rests_is_not_busy_and_is_woken)
{
	begin(CLOSED, 0, 0);
	ck_assert_uint_eq(connection.n_slots, 9); /* clients 0, 2 and 4 */
	for (uint32_t i = 0; i < 9; i++)
		load_connection_rest(
		    &connection, load_connection_take(&connection));
	ck_assert_uint_eq(connection.n_idle, 0);
	ck_assert(!load_connection_is_busy(&connection));
	load_connection_wake(&connection);
	ck_assert_uint_eq(connection.n_idle, 9);
	load_connection_free(&connection);
}
END_TEST

/* Each of the five clients has three places, on one connection. */
START_TEST(clients_are_dealt_out)
{
	unsigned places[5] = {0};

	for (uint32_t number = 0; number < 2; number++) {
		begin(CLOSED, number, 0);
		for (uint32_t place = 0; place < connection.n_slots; place++) {
			uint32_t client =
			    load_connection_client(&connection, &script, place);

			ck_assert_uint_lt(client, 5);
			ck_assert_uint_eq(client % 2, number);
			places[client]++;
		}
		load_connection_free(&connection);
	}
	for (size_t i = 0; i < 5; i++)
		ck_assert_uint_eq(places[i], 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load_connection");
	TCase *tcase = tcase_create("load_connection");

	tcase_add_test(tcase, a_place_is_idle_or_busy);
	tcase_add_test(tcase, who_rests_is_not_busy_and_is_woken);
	tcase_add_test(tcase, clients_are_dealt_out);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
