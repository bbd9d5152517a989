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

include %D%/fuzz/local.mk
