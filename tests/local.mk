# The suites of make check. One Check program per module, in tests/unit.

UNIT_LDADD = libgilproto.a $(CHECK_LIBS) $(EVENT_LIBS) $(JANSSON_LIBS)
EXTRA_DIST += %D%/unit/suite.h

AM_TESTS_ENVIRONMENT = export $(TEST_VARIABLES);

# --- proto/: unit tests ---
PROTO_UNIT_TESTS = \
	%D%/unit/test_frame \
	%D%/unit/test_jobid \
	%D%/unit/test_jsonrpc \
	%D%/unit/test_nearest \
	%D%/unit/test_request \
	%D%/unit/test_result \
	%D%/unit/test_rpcerror
check_PROGRAMS += $(PROTO_UNIT_TESTS)
TESTS += $(PROTO_UNIT_TESTS)
%C%_unit_test_frame_LDADD = $(UNIT_LDADD)
%C%_unit_test_jobid_LDADD = $(UNIT_LDADD)
%C%_unit_test_jsonrpc_LDADD = $(UNIT_LDADD)
%C%_unit_test_nearest_LDADD = $(UNIT_LDADD)
%C%_unit_test_request_LDADD = $(UNIT_LDADD)
%C%_unit_test_result_LDADD = $(UNIT_LDADD)
%C%_unit_test_rpcerror_LDADD = $(UNIT_LDADD)

# --- daemon/: unit tests of the board and what lies on it ---
BOARD_UNIT_TESTS = \
	%D%/unit/test_board \
	%D%/unit/test_queue \
	%D%/unit/test_recovery \
	%D%/unit/test_slot
BOARD_UNIT_LDADD = libgildcore.a $(UNIT_LDADD)
check_PROGRAMS += $(BOARD_UNIT_TESTS)
TESTS += $(BOARD_UNIT_TESTS)
%C%_unit_test_board_LDADD = $(BOARD_UNIT_LDADD)
%C%_unit_test_queue_LDADD = $(BOARD_UNIT_LDADD)
%C%_unit_test_recovery_LDADD = $(BOARD_UNIT_LDADD)
%C%_unit_test_slot_LDADD = $(BOARD_UNIT_LDADD)

# --- client/: unit tests, and the manual against --help ---
CLIENT_UNIT_TESTS = \
	%D%/unit/test_bar \
	%D%/unit/test_comparison \
	%D%/unit/test_count \
	%D%/unit/test_link \
	%D%/unit/test_sample \
	%D%/unit/test_shuffle \
	%D%/unit/test_table \
	%D%/unit/test_units \
	%D%/unit/test_verdict
CLIENT_UNIT_LDADD = libgilctlcore.a $(UNIT_LDADD) -lm
check_PROGRAMS += $(CLIENT_UNIT_TESTS)
TESTS += $(CLIENT_UNIT_TESTS) %D%/lint/check-manual.sh
dist_check_SCRIPTS += %D%/lint/check-manual.sh
%C%_unit_test_bar_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_comparison_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_count_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_link_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_sample_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_shuffle_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_table_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_units_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_verdict_LDADD = $(CLIENT_UNIT_LDADD)

include %D%/fuzz/local.mk

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
TESTS += %D%/e2e/test_readme.sh
dist_check_SCRIPTS += %D%/e2e/test_readme.sh
