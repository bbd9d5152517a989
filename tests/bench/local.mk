# Benchmarks: they print and do not judge. make bench builds and runs them; on
# a machine with nothing else to do the figures mean something.

# --- lock ---
LOCK_BENCHES = \
	%D%/bench_countdown \
	%D%/bench_gil
EXTRA_PROGRAMS += $(LOCK_BENCHES)
%C%_bench_countdown_LDADD = libgildcore.a
%C%_bench_gil_CFLAGS = $(AM_CFLAGS) -pthread
%C%_bench_gil_LDADD = libgildcore.a

# --- through the daemon ---
EXTRA_PROGRAMS += %D%/bench_daemon
%C%_bench_daemon_LDADD = $(EVENT_LIBS)

BENCHES = $(LOCK_BENCHES) %D%/bench_daemon
CLEANFILES += $(BENCHES)

bench: $(BENCHES) gild
	@for bench in $(BENCHES); do \
		echo "--- $$bench"; GILD=./gild ./$$bench || exit 1; \
	done

.PHONY: bench
