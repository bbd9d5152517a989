# gild: the daemon. Everything but main() is in libgildcore, which tests link.

noinst_LIBRARIES += libgildcore.a
libgildcore_a_CPPFLAGS = $(AM_CPPFLAGS) $(CONFUSE_CFLAGS) \
	$(SECCOMP_CFLAGS) $(SQLITE_CFLAGS)
libgildcore_a_CFLAGS = $(AM_CFLAGS) -pthread
libgildcore_a_SOURCES = \
	%D%/address.c %D%/address.h \
	%D%/answer.c %D%/answer.h \
	%D%/backoff.c %D%/backoff.h \
	%D%/board.c %D%/board.h \
	%D%/clock.h \
	%D%/authority.c %D%/authority.h \
	%D%/bucket.c %D%/bucket.h \
	%D%/configuration.c %D%/configuration.h \
	%D%/connection.c %D%/connection.h \
	%D%/connection_bound.c %D%/connection_private.h \
	%D%/connection_output.c %D%/connection_time.c \
	%D%/countdown.c %D%/countdown.h \
	%D%/crew.c %D%/crew.h \
	%D%/crowd.c %D%/crowd.h \
	%D%/desk.c %D%/desk.h \
	%D%/dispatch.c %D%/dispatch.h \
	%D%/docket.c %D%/docket.h \
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
	%D%/job_end.c %D%/job_private.h %D%/job_progress.c \
	%D%/job_stored.c %D%/job_wait.c \
	%D%/journal.c %D%/journal.h \
	%D%/lane.c %D%/lane.h \
	%D%/listeners.c %D%/listeners.h \
	%D%/keeper.c %D%/keeper.h \
	%D%/lock_events.c %D%/lock_events.h \
	%D%/log.c %D%/log.h \
	%D%/log_format.c %D%/log_format.h \
	%D%/master.c %D%/master.h \
	%D%/master_private.h %D%/reload.c %D%/start.c \
	%D%/memo.c %D%/memo.h \
	%D%/memory.c %D%/memory.h \
	%D%/meter.c %D%/meter.h \
	%D%/methods.c %D%/methods.h \
	%D%/methods_private.h %D%/methods_server.c \
	%D%/methods_store.c %D%/pool_set.c \
	%D%/notify.c %D%/notify.h \
	%D%/option.c %D%/option.h \
	%D%/option_table.c %D%/option_table.h \
	%D%/options.c %D%/options.h \
	%D%/options_file.c \
	%D%/packet.c %D%/packet.h \
	%D%/peer.c %D%/peer.h \
	%D%/privileges.c %D%/privileges.h \
	%D%/process.c %D%/process.h \
	%D%/pulse.c %D%/pulse.h \
	%D%/queue.c %D%/queue.h \
	%D%/records.c %D%/records.h \
	%D%/records_answer.c %D%/records_ask.c \
	%D%/records_private.h %D%/records_tell.c \
	%D%/recorder.c %D%/recorder.h \
	%D%/recorder_jobs.c %D%/recorder_memos.c \
	%D%/recorder_private.h %D%/recorder_store.c \
	%D%/recovery.c %D%/recovery.h \
	%D%/repeats.c %D%/repeats.h \
	%D%/report.c %D%/report.h \
	%D%/report_lock.c %D%/report_lock.h \
	%D%/sandbox.c %D%/sandbox.h \
	%D%/scarcity.c %D%/scarcity.h \
	%D%/schedstat.c %D%/schedstat.h \
	%D%/scratch.c %D%/scratch.h \
	%D%/session.c %D%/session.h \
	%D%/settings.c %D%/settings.h \
	%D%/slot.c %D%/slot.h \
	%D%/spin.c %D%/spin.h \
	%D%/store.c %D%/store.h \
	%D%/store_file.c %D%/store_open.c %D%/store_private.h \
	%D%/store_query.c %D%/store_row.c %D%/store_schema.c \
	%D%/store_trim.c \
	%D%/task.c %D%/task.h \
	%D%/title.c %D%/title.h \
	%D%/worker.c %D%/worker.h

sbin_PROGRAMS += gild
gild_SOURCES = %D%/gild.c
gild_CFLAGS = $(AM_CFLAGS) -pthread
gild_LDADD = libgildcore.a libgilproto.a $(CONFUSE_LIBS) $(EVENT_LIBS) \
	$(JANSSON_LIBS) $(SECCOMP_LIBS) $(SQLITE_LIBS)

dist_man_MANS += %D%/gild.8 %D%/gild.conf.5
