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

BENCHES = $(LOCK_BENCHES)
CLEANFILES += $(BENCHES)

bench: $(BENCHES)
	@for bench in $(BENCHES); do \
		echo "--- $$bench"; ./$$bench || exit 1; \
	done

.PHONY: bench
