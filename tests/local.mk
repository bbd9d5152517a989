# The suites of make check. One Check program per module, in tests/unit.

UNIT_LDADD = libgilproto.a $(CHECK_LIBS) $(EVENT_LIBS) $(JANSSON_LIBS)
EXTRA_DIST += %D%/unit/suite.h

AM_TESTS_ENVIRONMENT = export $(TEST_VARIABLES);

# --- proto/: unit tests ---
PROTO_UNIT_TESTS = \
	%D%/unit/test_frame \
	%D%/unit/test_jobid \
	%D%/unit/test_jsonrpc \
	%D%/unit/test_memory \
	%D%/unit/test_nearest \
	%D%/unit/test_request \
	%D%/unit/test_result \
	%D%/unit/test_rpcerror
check_PROGRAMS += $(PROTO_UNIT_TESTS)
TESTS += $(PROTO_UNIT_TESTS)
%C%_unit_test_frame_LDADD = $(UNIT_LDADD)
%C%_unit_test_jobid_LDADD = $(UNIT_LDADD)
%C%_unit_test_jsonrpc_LDADD = $(UNIT_LDADD)
%C%_unit_test_memory_LDADD = $(UNIT_LDADD)
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
	%D%/unit/test_flight \
	%D%/unit/test_lines \
	%D%/unit/test_link \
	%D%/unit/test_sample \
	%D%/unit/test_shuffle \
	%D%/unit/test_table \
	%D%/unit/test_units \
	%D%/unit/test_verdict
CLIENT_UNIT_LDADD = libgilctlcore.a $(UNIT_LDADD) -lm
check_PROGRAMS += $(CLIENT_UNIT_TESTS)
TESTS += $(CLIENT_UNIT_TESTS) %D%/lint/test_gilctl_manual.sh
dist_check_SCRIPTS += %D%/lint/test_gilctl_manual.sh
%C%_unit_test_bar_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_comparison_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_count_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_flight_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_lines_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_link_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_sample_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_shuffle_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_table_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_units_LDADD = $(CLIENT_UNIT_LDADD)
%C%_unit_test_verdict_LDADD = $(CLIENT_UNIT_LDADD)

# --- lock: unit tests of the lock and the countdown ---
LOCK_UNIT_TESTS = \
	%D%/unit/test_countdown \
	%D%/unit/test_gil \
	%D%/unit/test_gil_contest
LOCK_UNIT_LDADD = libgildcore.a $(CHECK_LIBS)
check_PROGRAMS += $(LOCK_UNIT_TESTS)
TESTS += $(LOCK_UNIT_TESTS)
%C%_unit_test_countdown_LDADD = $(LOCK_UNIT_LDADD)
%C%_unit_test_gil_LDADD = $(LOCK_UNIT_LDADD)
%C%_unit_test_gil_contest_LDADD = $(LOCK_UNIT_LDADD)

# --- base: unit tests of what lies between the command line and the master ---
BASE_UNIT_TESTS = \
	%D%/unit/test_address \
	%D%/unit/test_backoff \
	%D%/unit/test_log \
	%D%/unit/test_option_texts \
	%D%/unit/test_options \
	%D%/unit/test_options_file
BASE_UNIT_LDADD = libgildcore.a $(UNIT_LDADD) $(CONFUSE_LIBS)
check_PROGRAMS += $(BASE_UNIT_TESTS)
TESTS += $(BASE_UNIT_TESTS) %D%/lint/test_gild_manual.sh
dist_check_SCRIPTS += %D%/lint/test_gild_manual.sh
%C%_unit_test_address_LDADD = $(BASE_UNIT_LDADD)
%C%_unit_test_backoff_LDADD = $(BASE_UNIT_LDADD)
%C%_unit_test_log_LDADD = $(BASE_UNIT_LDADD)
%C%_unit_test_option_texts_LDADD = $(BASE_UNIT_LDADD)
%C%_unit_test_options_LDADD = $(BASE_UNIT_LDADD)
%C%_unit_test_options_file_LDADD = $(BASE_UNIT_LDADD)

include %D%/fuzz/local.mk

# --- lint ---
TESTS += %D%/lint/layers.sh %D%/lint/test_layers.sh
dist_check_SCRIPTS += %D%/lint/layers.sh %D%/lint/test_layers.sh \
	%D%/lint/lint.sh
dist_noinst_DATA += %D%/lint/cppcheck.cfg

# --- end to end: a real gild, driven over its sockets ---
E2E_LIBS = libe2e.a $(CHECK_LIBS) $(JANSSON_LIBS)
check_LIBRARIES += libe2e.a
libe2e_a_SOURCES = \
	%D%/e2e/harness.c %D%/e2e/harness.h \
	%D%/e2e/peer.c %D%/e2e/peer.h \
	%D%/e2e/process.c %D%/e2e/process.h
libe2e_a_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
E2E_TESTS = \
	%D%/e2e/test_bounds \
	%D%/e2e/test_faults \
	%D%/e2e/test_gilctl \
	%D%/e2e/test_jobs \
	%D%/e2e/test_signals
check_PROGRAMS += $(E2E_TESTS)
TESTS += $(E2E_TESTS)
%C%_e2e_test_bounds_LDADD = $(E2E_LIBS)
%C%_e2e_test_faults_LDADD = $(E2E_LIBS)
%C%_e2e_test_gilctl_LDADD = $(E2E_LIBS)
%C%_e2e_test_jobs_LDADD = $(E2E_LIBS)
%C%_e2e_test_signals_LDADD = $(E2E_LIBS)
TESTS += %D%/e2e/test_readme.sh
dist_check_SCRIPTS += %D%/e2e/test_readme.sh

# --- PROTOCOL.md: its examples' syntax, its completeness, and its truth ---
PROTOCOL_TESTS = \
	%D%/unit/test_example \
	%D%/unit/test_specification \
	%D%/e2e/test_protocol
check_PROGRAMS += $(PROTOCOL_TESTS)
TESTS += $(PROTOCOL_TESTS)
EXAMPLE_SOURCES = %D%/e2e/example.c %D%/e2e/example.h
%C%_unit_test_example_SOURCES = %D%/unit/test_example.c $(EXAMPLE_SOURCES)
%C%_unit_test_example_LDADD = $(UNIT_LDADD)
%C%_unit_test_specification_SOURCES = %D%/unit/test_specification.c \
	$(EXAMPLE_SOURCES)
%C%_unit_test_specification_LDADD = libgildcore.a $(CONFUSE_LIBS) \
	$(UNIT_LDADD)
%C%_e2e_test_protocol_SOURCES = %D%/e2e/test_protocol.c $(EXAMPLE_SOURCES)
%C%_e2e_test_protocol_LDADD = $(E2E_LIBS) $(UNIT_LDADD)
