# Benchmarks: they print and do not judge. make bench builds and runs them; on
# a machine with nothing else to do the figures mean something.

BENCHES = \
	%D%/bench_countdown \
	%D%/bench_daemon \
	%D%/bench_detached \
	%D%/bench_dispatch \
	%D%/bench_fair \
	%D%/bench_gil \
	%D%/bench_hdr \
	%D%/bench_idle \
	%D%/bench_sandbox \
	%D%/bench_store \
	%D%/bench_wire
EXTRA_PROGRAMS += $(BENCHES)
CLEANFILES += $(BENCHES)
EXTRA_DIST += %D%/RESULTS.md %D%/TRIED.md %D%/results.svg
%C%_bench_countdown_SOURCES = %D%/bench_countdown.c %D%/bench.h
%C%_bench_countdown_LDADD = libgildcore.a libgilproto.a
BENCH_SERVER = %D%/bench.h %D%/server.c %D%/server.h
%C%_bench_daemon_SOURCES = %D%/bench_daemon.c $(BENCH_SERVER)
%C%_bench_daemon_LDADD = $(EVENT_LIBS)
%C%_bench_detached_SOURCES = %D%/bench_detached.c $(BENCH_SERVER)
%C%_bench_detached_LDADD =
%C%_bench_dispatch_SOURCES = %D%/bench_dispatch.c $(BENCH_SERVER)
%C%_bench_dispatch_LDADD =
%C%_bench_fair_SOURCES = %D%/bench_fair.c $(BENCH_SERVER)
%C%_bench_fair_LDADD =
%C%_bench_idle_SOURCES = %D%/bench_idle.c $(BENCH_SERVER)
%C%_bench_idle_LDADD =
%C%_bench_gil_CFLAGS = $(AM_CFLAGS) -pthread
%C%_bench_gil_LDADD = libgildcore.a libgilproto.a
%C%_bench_hdr_LDADD = libgilctlcore.a -lm
%C%_bench_sandbox_SOURCES = %D%/bench_sandbox.c %D%/bench.h
%C%_bench_sandbox_LDADD = $(gild_LDADD)
%C%_bench_store_SOURCES = %D%/bench_store.c %D%/bench.h
%C%_bench_store_LDADD = $(gild_LDADD)
%C%_bench_wire_SOURCES = %D%/bench_wire.c %D%/bench.h
%C%_bench_wire_LDADD = libgilproto.a $(EVENT_LIBS) $(JANSSON_LIBS)

bench: $(BENCHES) gild
	@for bench in $(BENCHES); do \
		echo "--- $$bench"; GILD=./gild ./$$bench || exit 1; \
	done
	@echo '--- bench-peers'; $(MAKE) bench-peers

.PHONY: bench

include %D%/peers/local.mk
