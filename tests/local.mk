# The suites of make check. One Check program per module, in tests/unit.

UNIT_LDADD = libgilproto.a $(CHECK_LIBS) $(EVENT_LIBS) $(JANSSON_LIBS)

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
