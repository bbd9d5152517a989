# gilctl: the client. Everything but main() is in libgilctlcore.

noinst_LIBRARIES += libgilctlcore.a
libgilctlcore_a_SOURCES = \
	%D%/arguments.c %D%/arguments.h \
	%D%/bar.c %D%/bar.h \
	%D%/chance.c %D%/chance.h \
	%D%/chart.c %D%/chart.h \
	%D%/chart_axis.c %D%/chart_axis.h \
	%D%/chart_print.c \
	%D%/cmd_cancel.c \
	%D%/cmd_compare.c \
	%D%/cmd_fit.c \
	%D%/cmd_info.c \
	%D%/cmd_ping.c \
	%D%/cmd_set.c \
	%D%/cmd_stats.c \
	%D%/cmd_stream.c \
	%D%/cmd_submit.c %D%/submit.h \
	%D%/command.c %D%/command.h \
	%D%/comparison.c %D%/comparison.h \
	%D%/comparison_print.c \
	%D%/count.c %D%/count.h \
	%D%/fit.c %D%/fit.h \
	%D%/flight.c %D%/flight.h \
	%D%/format.h \
	%D%/interrupt.c %D%/interrupt.h \
	%D%/lines.c %D%/lines.h \
	%D%/link.c %D%/link.h \
	%D%/progress.c %D%/progress.h \
	%D%/sample.c %D%/sample.h \
	%D%/show.c %D%/show.h \
	%D%/show_locks.c %D%/show_locks.h \
	%D%/show_result.c \
	%D%/statistics.c %D%/statistics.h \
	%D%/svg.c %D%/svg.h \
	%D%/table.c %D%/table.h \
	%D%/talk.c %D%/talk.h \
	%D%/term.c %D%/term.h \
	%D%/units.c %D%/units.h \
	%D%/verdict.c %D%/verdict.h \
	%D%/weather.c %D%/weather.h

bin_PROGRAMS += gilctl
gilctl_SOURCES = %D%/gilctl.c
gilctl_LDADD = libgilctlcore.a libgilproto.a $(EVENT_LIBS) $(JANSSON_LIBS) -lm

dist_man_MANS += %D%/gilctl.1
