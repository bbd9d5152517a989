# gild: the daemon. Everything but main() is in libgildcore, which tests link.

noinst_LIBRARIES += libgildcore.a
libgildcore_a_CPPFLAGS = $(AM_CPPFLAGS) $(CONFUSE_CFLAGS) \
	$(SECCOMP_CFLAGS)
libgildcore_a_CFLAGS = $(AM_CFLAGS) -pthread
libgildcore_a_SOURCES = \
	%D%/address.c %D%/address.h \
	%D%/answer.c %D%/answer.h \
	%D%/backoff.c %D%/backoff.h \
	%D%/board.c %D%/board.h \
	%D%/clock.h \
	%D%/connection.c %D%/connection.h \
	%D%/countdown.c %D%/countdown.h \
	%D%/dispatch.c %D%/dispatch.h \
	%D%/doors.c %D%/doors.h \
	%D%/event_cost.c %D%/event_cost.h \
	%D%/event_reader.c %D%/event_reader.h \
	%D%/event_ring.c %D%/event_ring.h \
	%D%/executor.c %D%/executor.h \
	%D%/fault.c %D%/fault.h \
	%D%/frontend.c %D%/frontend.h \
	%D%/generation.c %D%/generation.h \
	%D%/gil.c %D%/gil.h \
	%D%/gil_private.h %D%/gil_tenure.c %D%/gil_wait.c \
	%D%/gil_policy.c %D%/gil_policy.h \
	%D%/interpreter.c %D%/interpreter.h \
	%D%/job.c %D%/job.h \
	%D%/listeners.c %D%/listeners.h \
	%D%/lock_events.c %D%/lock_events.h \
	%D%/log.c %D%/log.h \
	%D%/master.c %D%/master.h \
	%D%/methods.c %D%/methods.h \
	%D%/methods_private.h %D%/pool_set.c \
	%D%/option.c %D%/option.h \
	%D%/option_table.c %D%/option_table.h \
	%D%/options.c %D%/options.h \
	%D%/options_file.c \
	%D%/peer.c %D%/peer.h \
	%D%/privileges.c %D%/privileges.h \
	%D%/process.c %D%/process.h \
	%D%/queue.c %D%/queue.h \
	%D%/recovery.c %D%/recovery.h \
	%D%/report.c %D%/report.h \
	%D%/report_lock.c %D%/report_lock.h \
	%D%/sandbox.c %D%/sandbox.h \
	%D%/session.c %D%/session.h \
	%D%/settings.c %D%/settings.h \
	%D%/slot.c %D%/slot.h \
	%D%/task.c %D%/task.h \
	%D%/title.c %D%/title.h \
	%D%/worker.c %D%/worker.h

sbin_PROGRAMS += gild
gild_SOURCES = %D%/gild.c
gild_CFLAGS = $(AM_CFLAGS) -pthread
gild_LDADD = libgildcore.a libgilproto.a $(CONFUSE_LIBS) $(EVENT_LIBS) \
	$(JANSSON_LIBS) $(SECCOMP_LIBS)

dist_man_MANS += %D%/gild.8 %D%/gild.conf.5
