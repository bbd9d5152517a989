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

# --- PROTOCOL.md: its examples' syntax, and its truth ---
check_PROGRAMS += %D%/unit/test_example %D%/e2e/test_protocol
TESTS += %D%/unit/test_example %D%/e2e/test_protocol
%C%_unit_test_example_SOURCES = %D%/unit/test_example.c \
	%D%/e2e/example.c %D%/e2e/example.h
%C%_unit_test_example_LDADD = $(UNIT_LDADD)
%C%_e2e_test_protocol_SOURCES = %D%/e2e/test_protocol.c \
	%D%/e2e/example.c %D%/e2e/example.h
%C%_e2e_test_protocol_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
%C%_e2e_test_protocol_LDADD = $(E2E_LIBS) $(UNIT_LDADD)

include %D%/fuzz/local.mk
