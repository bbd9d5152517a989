/* A pseudo-terminal; what is read of it is kept until it is forgotten. */
#include "tests/e2e/terminal.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/e2e/process.h"

void
terminal_open(struct terminal *terminal, unsigned columns)
{
	struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};

	terminal->shown[0] = '\0';
	terminal->screen = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ne(terminal->screen, -1);
	ck_assert_int_eq(grantpt(terminal->screen), 0);
	ck_assert_int_eq(unlockpt(terminal->screen), 0);
	terminal->line =
	    open(ptsname(terminal->screen), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ne(terminal->line, -1);
	ck_assert_int_eq(ioctl(terminal->line, TIOCSWINSZ, &size), 0);
	ck_assert_int_eq(setenv("TERM", "xterm", 1), 0);
	ck_assert_int_eq(setenv("NO_COLOR", "1", 1), 0);
}

void
terminal_close(struct terminal *terminal)
{
	close(terminal->line);
	close(terminal->screen);
}

void
terminal_await(struct terminal *terminal, const char *part)
{
	int64_t end_ms = now_ms() + deadline_ms();
	size_t length = strlen(terminal->shown);

	while (strstr(terminal->shown, part) == NULL) {
		struct pollfd fd = {.fd = terminal->screen, .events = POLLIN};
		ssize_t got;

		ck_assert_msg(poll(&fd, 1, ms_until(end_ms)) == 1,
		    "\"%s\" was not shown, but: %.1000s", part,
		    terminal->shown);
		got = read(terminal->screen, terminal->shown + length,
		    TERMINAL_SHOWN_BYTES - 1 - length);
		ck_assert_int_gt(got, 0);
		length += (size_t)got;
		terminal->shown[length] = '\0';
	}
}

void
terminal_forget(struct terminal *terminal)
{
	terminal->shown[0] = '\0';
}
