# The suites of make check. One Check program per module, in tests/unit.

UNIT_LDADD = libgilproto.a $(CHECK_LIBS) $(EVENT_LIBS) $(JANSSON_LIBS)

# --- lock: unit tests of the lock and the countdown ---
LOCK_UNIT_TESTS = \
	%D%/unit/test_countdown \
	%D%/unit/test_gil \
	%D%/unit/test_gil_contest
LOCK_UNIT_LDADD = libgildcore.a $(CHECK_LIBS)
check_PROGRAMS += $(LOCK_UNIT_TESTS)
TESTS += $(LOCK_UNIT_TESTS)
%C%_unit_test_countdown_CFLAGS = $(AM_CFLAGS) -pthread
%C%_unit_test_countdown_LDADD = $(LOCK_UNIT_LDADD)
%C%_unit_test_gil_CFLAGS = $(AM_CFLAGS) -pthread
%C%_unit_test_gil_LDADD = $(LOCK_UNIT_LDADD)
%C%_unit_test_gil_contest_CFLAGS = $(AM_CFLAGS) -pthread
%C%_unit_test_gil_contest_LDADD = $(LOCK_UNIT_LDADD)

include %D%/bench/local.mk
