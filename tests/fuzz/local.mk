# Fuzz targets. make check replays the corpora with whatever compiler there
# is; configured with --enable-fuzzing the same programs are libFuzzer's:
#
#	build/tests/fuzz/fuzz_frame -max_total_time=180 NEW tests/fuzz/corpus/frame
#
#	configuration  a file and -o, printed and read again
#	frame          bytes as lines
#	frontend       a whole frontend: clients, executors, the master, time
#	jsonrpc        a line as a request and as a reply
#	lockevent      a lock's event, as a client reads it
#	reply          a line from the server, as libgil reads it
#	request        the params of job.submit
#	result         a job's result, as a client reads it
#
# coverage.sh prints what the corpora reach.

FUZZERS = \
	%D%/fuzz_configuration \
	%D%/fuzz_frame \
	%D%/fuzz_frontend \
	%D%/fuzz_jsonrpc \
	%D%/fuzz_lockevent \
	%D%/fuzz_reply \
	%D%/fuzz_request \
	%D%/fuzz_result \
	%D%/fuzz_store
check_PROGRAMS += $(FUZZERS)
TESTS += %D%/replay.sh
dist_check_SCRIPTS += %D%/coverage.sh %D%/replay.sh
EXTRA_DIST += %D%/corpus

if FUZZING
FUZZ_MAIN =
else
FUZZ_MAIN = %D%/replay_main.c
endif
FUZZ_LDADD = libgilproto.a $(EVENT_LIBS) $(JANSSON_LIBS)
FUZZ_DAEMON_LDADD = libgildcore.a $(FUZZ_LDADD) $(CONFUSE_LIBS) \
	$(SECCOMP_LIBS) $(SQLITE_LIBS)
FUZZ_LINK_FLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

%C%_fuzz_configuration_SOURCES = %D%/fuzz_configuration.c %D%/fuzz.h \
	$(FUZZ_MAIN)
%C%_fuzz_configuration_LDADD = $(FUZZ_DAEMON_LDADD)
%C%_fuzz_configuration_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_frame_SOURCES = %D%/fuzz_frame.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_fuzz_frame_LDADD = $(FUZZ_LDADD)
%C%_fuzz_frame_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_frontend_SOURCES = %D%/fuzz_frontend.c %D%/fuzz.h \
	%D%/client.c %D%/client.h %D%/grammar.c %D%/grammar.h %D%/input.h \
	%D%/world.c %D%/world_executors.c %D%/world.h $(FUZZ_MAIN)
%C%_fuzz_frontend_LDADD = $(FUZZ_DAEMON_LDADD)
%C%_fuzz_frontend_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_jsonrpc_SOURCES = %D%/fuzz_jsonrpc.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_fuzz_jsonrpc_LDADD = $(FUZZ_LDADD)
%C%_fuzz_jsonrpc_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_lockevent_SOURCES = %D%/fuzz_lockevent.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_fuzz_lockevent_LDADD = $(FUZZ_LDADD)
%C%_fuzz_lockevent_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_reply_SOURCES = %D%/fuzz_reply.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_fuzz_reply_LDADD = libgilparts.la $(FUZZ_LDADD)
%C%_fuzz_reply_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_request_SOURCES = %D%/fuzz_request.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_fuzz_request_LDADD = $(FUZZ_LDADD)
%C%_fuzz_request_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_result_SOURCES = %D%/fuzz_result.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_fuzz_result_LDADD = $(FUZZ_LDADD)
%C%_fuzz_result_LDFLAGS = $(FUZZ_LINK_FLAGS)
%C%_fuzz_store_SOURCES = %D%/fuzz_store.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_fuzz_store_LDADD = libgildcore.a $(FUZZ_LDADD) $(SQLITE_LIBS)
%C%_fuzz_store_LDFLAGS = $(FUZZ_LINK_FLAGS)
