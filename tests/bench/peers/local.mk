# gild beside its peers: servers from Debian's packages, those that are
# installed. A client and workers of ours, in C, and scripts that start, measure
# and end.
#
#	make bench-peers                       a few minutes
#	make bench-peers PEERS=--quick         one short round
#	make bench-peers PEERS='--only redis'
#	make bench-results                     the same, written to RESULTS.md

BENCH_PEERS = \
	%D%/dispatcher \
	%D%/fastcgi \
	%D%/load \
	%D%/machine \
	%D%/workers
if HAVE_GEARMAN
BENCH_PEERS += %D%/libgearman
endif
check_PROGRAMS += $(BENCH_PEERS)
check_LIBRARIES += libpeers.a
libpeers_a_SOURCES = \
	%D%/crew.c %D%/crew.h \
	%D%/job.c %D%/job.h \
	%D%/protocol.c %D%/protocol.h \
	%D%/protocol_beanstalkd.c \
	%D%/protocol_gearman.c \
	%D%/protocol_http.c \
	%D%/protocol_lines.c \
	%D%/protocol_nats.c \
	%D%/protocol_redis.c \
	%D%/wire.c %D%/wire.h \
	tests/bench/server.c tests/bench/server.h
PEERS_LDADD = libpeers.a $(JANSSON_LIBS)
%C%_dispatcher_LDADD = $(PEERS_LDADD)
%C%_fastcgi_LDADD = $(PEERS_LDADD)
%C%_libgearman_SOURCES = \
	%D%/libgearman.c %D%/latency.c %D%/latency.h
%C%_libgearman_LDADD = $(PEERS_LDADD) -lgearman
%C%_load_SOURCES = %D%/load.c %D%/latency.c %D%/latency.h
%C%_load_LDADD = $(PEERS_LDADD)
%C%_machine_SOURCES = %D%/machine.c tests/bench/bench.h
%C%_machine_LDADD = $(PEERS_LDADD)
%C%_workers_LDADD = $(PEERS_LDADD)
EXTRA_DIST += \
	%D%/countdown.py \
	%D%/memory.py \
	%D%/peer.py \
	%D%/peers.py \
	%D%/plot.py \
	%D%/pools.py \
	%D%/program.py \
	%D%/report.py \
	%D%/roster.py \
	%D%/steady.py \
	%D%/test_peers.py \
	%D%/tune.py \
	%D%/weather.py

RUN_PEERS = PYTHONDONTWRITEBYTECODE=1 python3 $(srcdir)/%D%/peers.py \
	--builddir '$(abs_builddir)'

bench-peers: $(BENCH_PEERS) tests/bench/bench_daemon gild
	@$(RUN_PEERS) $(PEERS)

bench-results: $(BENCH_PEERS) tests/bench/bench_daemon gild
	@$(RUN_PEERS) --svg $(srcdir)/tests/bench/results.svg \
		--markdown $(srcdir)/tests/bench/RESULTS.md $(PEERS)

.PHONY: bench-peers bench-results
