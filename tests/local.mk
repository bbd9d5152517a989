# The suites of make check. One Check program per module, in tests/unit.

UNIT_LDADD = libgilproto.a $(CHECK_LIBS) $(EVENT_LIBS) $(JANSSON_LIBS)

AM_TESTS_ENVIRONMENT = export $(TEST_VARIABLES);

# --- lint ---
TESTS += %D%/lint/layers.sh %D%/lint/test_layers.sh
dist_check_SCRIPTS += %D%/lint/layers.sh %D%/lint/test_layers.sh \
	%D%/lint/lint.sh

# --- end to end: a real gild, driven over its sockets ---
E2E_LIBS = libe2e.a $(CHECK_LIBS) $(JANSSON_LIBS)
check_LIBRARIES += libe2e.a
libe2e_a_SOURCES = \
	%D%/e2e/harness.c %D%/e2e/harness.h \
	%D%/e2e/peer.c %D%/e2e/peer.h \
	%D%/e2e/process.c %D%/e2e/process.h
libe2e_a_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
