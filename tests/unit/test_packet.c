/*
 * Packets: whole or not at all, with descriptors or without. Both ends are the
 * test's; whether a descriptor is still open somewhere shows at the other end
 * of its pipe.
 */
#include "daemon/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/suite.h"

struct letter {
	uint32_t number;
	char text[60];
};

static int ends[2]; /* SOCK_SEQPACKET: ends[0] sends, ends[1] receives */
static struct packet_fds none;

static void
setup(void)
{
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		0, ends),
	    0);
	none.n = 0;
}

static void
teardown(void)
{
	close(ends[0]);
	close(ends[1]);
}

static struct letter
letter_make(uint32_t number)
{
	struct letter letter = {.number = number};

	memset(letter.text, 'a' + (int)(number % 26), sizeof(letter.text));
	return letter;
}

/* The next one is this. */
static void
expect_letter(uint32_t number, struct packet_fds *fds)
{
	struct letter expected = letter_make(number), got;

	ck_assert_int_eq(packet_receive(ends[1], &got, sizeof(got), fds), 1);
	ck_assert_mem_eq(&got, &expected, sizeof(got));
}

/* A pipe whose write end is to be sent: that is closed here. */
static int
send_with_pipes(uint32_t number, size_t n, int read_ends[])
{
	struct letter letter = letter_make(number);
	struct packet_fds fds = {.n = n};
	int result;

	for (size_t i = 0; i < n; i++) {
		int pipe_ends[2];

		ck_assert_int_eq(pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK), 0);
		read_ends[i] = pipe_ends[0];
		fds.fds[i] = pipe_ends[1];
	}
	result = packet_send(ends[0], &letter, sizeof(letter), &fds);
	/* They were lent: they are open still. */
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(close(fds.fds[i]), 0);
	return result;
}

/* Nobody holds the other end of this pipe any more. */
static bool
is_dropped(int read_end)
{
	char byte;

	return read(read_end, &byte, 1) == 0;
}

START_TEST(packets_arrive_whole_and_in_order)
{
	struct letter letter;

	ck_assert_int_eq(
	    packet_receive(ends[1], &letter, sizeof(letter), &none), 0);
	for (uint32_t i = 0; i < 3; i++) {
		letter = letter_make(i);
		ck_assert_int_eq(packet_send(ends[0], &letter, sizeof(letter),
				     i == 1 ? &none : NULL),
		    0);
	}
	for (uint32_t i = 0; i < 3; i++) {
		expect_letter(i, &none);
		ck_assert_uint_eq(none.n, 0);
	}
	ck_assert_int_eq(
	    packet_receive(ends[1], &letter, sizeof(letter), &none), 0);
}
END_TEST

START_TEST(packets_of_another_size_are_dropped)
{
	static const char long_one[sizeof(struct letter) + 1] = "x";
	struct letter letter = letter_make(7);

	ck_assert_int_eq(packet_send(ends[0], "x", 1, NULL), 0);
	ck_assert_int_eq(
	    packet_send(ends[0], long_one, sizeof(long_one), NULL), 0);
	ck_assert_int_eq(
	    packet_send(ends[0], &letter, sizeof(letter), NULL), 0);
	ck_assert_int_eq(
	    packet_receive(ends[1], &letter, sizeof(letter), &none), -1);
	ck_assert_int_eq(
	    packet_receive(ends[1], &letter, sizeof(letter), &none), -1);
	expect_letter(7, &none);
}
END_TEST

START_TEST(descriptors_come_along)
{
	struct packet_fds fds;
	int read_ends[2];
	char byte;

	ck_assert_int_eq(send_with_pipes(1, 1, read_ends), 0);
	expect_letter(1, &fds);
	ck_assert_uint_eq(fds.n, 1);
	ck_assert_int_eq(write(fds.fds[0], "1", 1), 1);
	ck_assert_int_eq(read(read_ends[0], &byte, 1), 1);
	packet_close_fds(&fds);
	ck_assert_uint_eq(fds.n, 0);
	ck_assert(is_dropped(read_ends[0]));
	close(read_ends[0]);

	ck_assert_int_eq(send_with_pipes(2, 2, read_ends), 0);
	expect_letter(2, &fds);
	ck_assert_uint_eq(fds.n, 2);
	for (size_t i = 0; i < 2; i++) {
		byte = (char)('0' + i);
		ck_assert_int_eq(write(fds.fds[i], &byte, 1), 1);
		ck_assert_int_eq(read(read_ends[i], &byte, 1), 1);
		ck_assert_int_eq(byte, '0' + (int)i); /* in this order */
		ck_assert_int_eq(
		    fcntl(fds.fds[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		ck_assert(!is_dropped(read_ends[i]));
	}
	packet_close_fds(&fds);
	for (size_t i = 0; i < 2; i++) {
		ck_assert(is_dropped(read_ends[i]));
		close(read_ends[i]);
	}
}
END_TEST

START_TEST(descriptors_of_dropped_packets_are_closed)
{
	struct packet_fds fds;
	struct letter letter;
	int read_ends[2];
	char small[4];

	ck_assert_int_eq(send_with_pipes(1, 2, read_ends), 0);
	ck_assert_int_eq(
	    packet_receive(ends[1], small, sizeof(small), &fds), -1);
	ck_assert_uint_eq(fds.n, 0);
	for (size_t i = 0; i < 2; i++) {
		ck_assert(is_dropped(read_ends[i]));
		close(read_ends[i]);
	}
	/* Nor does a packet that nobody reads hold them for ever. */
	ck_assert_int_eq(send_with_pipes(1, 1, read_ends), 0);
	close(ends[1]);
	ck_assert(is_dropped(read_ends[0]));
	close(read_ends[0]);
	ck_assert_int_eq(
	    packet_send(ends[0], &letter, sizeof(letter), NULL), -1);
	ck_assert(errno == EPIPE || errno == ECONNRESET);
}
END_TEST

/* The number of the first descriptor that is free. */
static int
first_free(void)
{
	int fd = 0;

	while (fcntl(fd, F_GETFD) >= 0)
		fd++;
	return fd;
}

/* Half a gift is worse than none: what stands in the file would be missing. */
START_TEST(a_packet_that_there_are_too_few_descriptors_for_is_dropped)
{
	struct packet_fds fds;
	struct letter letter;
	struct rlimit limit, before;
	int read_ends[2];

	ck_assert_int_eq(send_with_pipes(1, 2, read_ends), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)first_free() + 1; /* room for one */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(
	    packet_receive(ends[1], &letter, sizeof(letter), &fds), -1);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_uint_eq(fds.n, 0);
	for (size_t i = 0; i < 2; i++) {
		ck_assert(is_dropped(read_ends[i]));
		close(read_ends[i]);
	}
}
END_TEST

START_TEST(a_full_socket_says_so)
{
	struct letter letter;
	uint32_t n = 0;

	for (;; n++) {
		letter = letter_make(n);
		if (packet_send(ends[0], &letter, sizeof(letter), NULL) != 0)
			break;
	}
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_gt(n, 0);
	for (uint32_t i = 0; i < n; i++)
		expect_letter(i, &none);
	/* And there is room again. */
	ck_assert_int_eq(
	    packet_send(ends[0], &letter, sizeof(letter), NULL), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("packet");
	TCase *tcase = tcase_create("packet");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, packets_arrive_whole_and_in_order);
	tcase_add_test(tcase, packets_of_another_size_are_dropped);
	tcase_add_test(tcase, descriptors_come_along);
	tcase_add_test(tcase, descriptors_of_dropped_packets_are_closed);
	tcase_add_test(
	    tcase, a_packet_that_there_are_too_few_descriptors_for_is_dropped);
	tcase_add_test(tcase, a_full_socket_says_so);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
