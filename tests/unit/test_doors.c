/*
 * Who lets clients in. Several frontends' doors stand in one loop here; each
 * has a descriptor of the same socket, as processes have.
 */
#include "daemon/doors.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/suite.h"

#define FRONTENDS 3
#define CLIENTS 120 /* no more than any system lets wait */

struct house {
	struct listeners listeners;
	struct doors *doors;
	uint32_t n_let_in;
	int inside[CLIENTS];
	bool is_empty;
};

static struct event_base *base;
static struct frontend_record records[FRONTENDS];
static struct house houses[FRONTENDS];
static struct sockaddr_un address;
static socklen_t address_length;
static int listener;
static int clients[CLIENTS];
static uint32_t n_clients;

static void
let_in(void *arg, int fd)
{
	struct house *house = arg;

	house->inside[house->n_let_in++] = fd;
	doors_let_in(house->doors);
}

static void
become_empty(void *arg)
{
	((struct house *)arg)->is_empty = true;
}

/* The n-th of so many frontends. */
static void
build(uint32_t n, uint32_t n_frontends, uint32_t max_inside)
{
	struct house *house = &houses[n];
	const struct doors_plan plan = {
	    .listeners = &house->listeners,
	    .max_inside = max_inside,
	    .frontends = records,
	    .n_frontends = n_frontends,
	    .number = n,
	    .accept = let_in,
	    .empty = become_empty,
	    .arg = house,
	};

	house->listeners.n = 1;
	house->listeners.all[0].fd = fcntl(listener, F_DUPFD_CLOEXEC, 0);
	ck_assert_int_ge(house->listeners.all[0].fd, 0);
	house->doors = doors_new(base, &plan);
	ck_assert_ptr_nonnull(house->doors);
	doors_open(house->doors);
}

static void
setup(void)
{
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	address.sun_family = AF_UNIX; /* the kernel chooses the name */
	address_length = sizeof(address);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(listener, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address,
			     sizeof(address.sun_family)),
	    0);
	ck_assert_int_eq(
	    getsockname(listener, (struct sockaddr *)&address, &address_length),
	    0);
	ck_assert_int_eq(listen(listener, CLIENTS), 0);
}

static void
teardown(void)
{
	for (size_t i = 0; i < FRONTENDS; i++) {
		doors_free(houses[i].doors);
		for (uint32_t j = 0; j < houses[i].n_let_in; j++)
			close(houses[i].inside[j]);
	}
	while (n_clients > 0)
		close(clients[--n_clients]);
	close(listener);
	event_base_free(base);
}

/* So many more; 0 or the system's error of the last one. */
static int
come(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		ck_assert_int_ge(fd, 0);
		clients[n_clients++] = fd;
		if (connect(fd, (struct sockaddr *)&address, address_length) !=
		    0)
			return errno;
	}
	return 0;
}

static uint32_t
count_let_in(void)
{
	uint32_t n = 0;

	for (size_t i = 0; i < FRONTENDS; i++)
		n += houses[i].n_let_in;
	return n;
}

/* Turns the loop until so many have been let in, in all. */
static void
await(uint32_t n)
{
	while (count_let_in() < n)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void
leave(struct house *house)
{
	close(house->inside[--house->n_let_in]);
	doors_let_out(house->doors);
}

START_TEST(who_is_alone_lets_all_in_at_once)
{
	build(0, 1, CLIENTS);
	ck_assert_int_eq(come(CLIENTS), 0);
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(houses[0].n_let_in, CLIENTS);
	ck_assert_uint_eq(counter_get(&records[0].connections_open), CLIENTS);
	ck_assert_uint_eq(
	    counter_get(&records[0].connections_accepted), CLIENTS);
}
END_TEST

START_TEST(a_crowd_is_spread)
{
	for (uint32_t i = 0; i < FRONTENDS; i++)
		build(i, FRONTENDS, CLIENTS);
	ck_assert_int_eq(come(CLIENTS), 0);
	await(CLIENTS);
	/* One who is ahead by an eighth leaves the next to another. */
	for (uint32_t i = 0; i < FRONTENDS; i++)
		ck_assert_uint_ge(
		    houses[i].n_let_in, CLIENTS / FRONTENDS * 3 / 4);
}
END_TEST

START_TEST(a_few_are_spread_evenly)
{
	for (uint32_t i = 0; i < FRONTENDS; i++)
		build(i, FRONTENDS, CLIENTS);
	ck_assert_int_eq(come(FRONTENDS), 0);
	await(FRONTENDS);
	for (uint32_t i = 0; i < FRONTENDS; i++)
		ck_assert_uint_eq(houses[i].n_let_in, 1);
}
END_TEST

/* It has a record, and no client, and never accepts one. */
START_TEST(who_does_not_accept_keeps_nobody_out)
{
	build(0, 2, CLIENTS);
	ck_assert_int_eq(come(CLIENTS), 0);
	await(CLIENTS);
	ck_assert_uint_eq(houses[0].n_let_in, CLIENTS);
}
END_TEST

START_TEST(who_has_shut_its_doors_is_not_waited_for)
{
	build(0, 2, CLIENTS);
	counter_set(&records[1].are_doors_shut, 1);
	ck_assert_int_eq(come(CLIENTS), 0);
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(houses[0].n_let_in, CLIENTS);
}
END_TEST

START_TEST(with_a_full_house_others_wait_outside)
{
	build(0, 1, 2);
	ck_assert_int_eq(come(3), 0);
	await(2);
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(houses[0].n_let_in, 2);
	leave(&houses[0]);
	await(2);
}
END_TEST

/* It steps back for one that never comes, and is full when it lets in whom
 * that has left; and opens again all the same. */
START_TEST(who_is_full_as_it_steps_back_opens_again)
{
	build(0, 2, 2);
	ck_assert_int_eq(come(4), 0);
	await(2);
	for (int i = 0; i < 2; i++) {
		leave(&houses[0]);
		await(2);
	}
	ck_assert_uint_eq(counter_get(&records[0].connections_accepted), 4);
}
END_TEST

START_TEST(shut_doors_refuse)
{
	build(0, 1, CLIENTS);
	ck_assert_int_eq(come(1), 0);
	await(1);
	close(listener);
	listener = -1;
	doors_shut(houses[0].doors);
	ck_assert_uint_eq(counter_get(&records[0].are_doors_shut), 1);
	ck_assert_int_eq(come(1), ECONNREFUSED);
	ck_assert(!houses[0].is_empty);
	leave(&houses[0]);
	ck_assert(houses[0].is_empty);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("doors");
	TCase *tcase = tcase_create("doors");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, who_is_alone_lets_all_in_at_once);
	tcase_add_test(tcase, a_crowd_is_spread);
	tcase_add_test(tcase, a_few_are_spread_evenly);
	tcase_add_test(tcase, who_does_not_accept_keeps_nobody_out);
	tcase_add_test(tcase, who_has_shut_its_doors_is_not_waited_for);
	tcase_add_test(tcase, with_a_full_house_others_wait_outside);
	tcase_add_test(tcase, who_is_full_as_it_steps_back_opens_again);
	tcase_add_test(tcase, shut_doors_refuse);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
