# gilctl: the client. Everything but main() is in libgilctlcore. The picture is
# of README.md: gilctl trace drew it.

EXTRA_DIST += %D%/trace.svg

noinst_LIBRARIES += libgilctlcore.a
libgilctlcore_a_CPPFLAGS = $(AM_CPPFLAGS) \
	-DCOMMAND_ADMIN_SERVER='"unix:$(runstatedir)/gild/gild.sock"'
libgilctlcore_a_CFLAGS = $(AM_CFLAGS) -pthread
libgilctlcore_a_SOURCES = \
	%D%/arguments.c %D%/arguments.h \
	%D%/await.c %D%/await.h \
	%D%/bar.c %D%/bar.h \
	%D%/bar_print.c %D%/bar_print.h \
	%D%/chance.c %D%/chance.h \
	%D%/chart.c %D%/chart.h \
	%D%/chart_axis.c %D%/chart_axis.h \
	%D%/chart_print.c \
	%D%/cmd_admin.c \
	%D%/cmd_cancel.c \
	%D%/cmd_collect.c \
	%D%/cmd_compare.c \
	%D%/cmd_compare_runs.c \
	%D%/cmd_convoy.c \
	%D%/cmd_detach.c \
	%D%/cmd_fit.c \
	%D%/cmd_history.c \
	%D%/cmd_info.c \
	%D%/cmd_list.c \
	%D%/cmd_load.c \
	%D%/cmd_ping.c \
	%D%/cmd_set.c \
	%D%/cmd_stats.c \
	%D%/cmd_stream.c \
	%D%/cmd_submit.c \
	%D%/cmd_sweep.c \
	%D%/cmd_trace.c \
	%D%/command.c %D%/command.h \
	%D%/company.c %D%/company.h \
	%D%/comparison.c %D%/comparison.h \
	%D%/comparison_print.c \
	%D%/convoy.c %D%/convoy.h \
	%D%/convoy_print.c \
	%D%/count.c %D%/count.h \
	%D%/doubt.c %D%/doubt.h \
	%D%/ending.c %D%/ending.h \
	%D%/errands.c %D%/errands.h \
	%D%/experiment.c %D%/experiment.h \
	%D%/family.c %D%/family.h \
	%D%/filter.c %D%/filter.h \
	%D%/fit.c %D%/fit.h \
	%D%/flight.c %D%/flight.h \
	%D%/format.h \
	%D%/hdr.c %D%/hdr.h \
	%D%/history.c %D%/history.h \
	%D%/html.c %D%/html.h \
	%D%/interrupt.c %D%/interrupt.h \
	%D%/ledger.c %D%/ledger.h \
	%D%/lifeline.c %D%/lifeline.h \
	%D%/lines.c %D%/lines.h \
	%D%/load_bracket.c %D%/load_bracket.h \
	%D%/load_connection.c %D%/load_connection.h \
	%D%/load_contrast.c %D%/load_contrast.h \
	%D%/load_contrast_json.c \
	%D%/load_contrast_judge.c \
	%D%/load_contrast_print.c %D%/load_contrast_print.h \
	%D%/load_describe.c \
	%D%/load_drive.c %D%/load_drive.h \
	%D%/load_expect.c %D%/load_expect.h \
	%D%/load_flags.c %D%/load_flags.h \
	%D%/load_hgrm.c %D%/load_hgrm.h \
	%D%/load_html.c %D%/load_html.h %D%/load_html_private.h \
	%D%/load_html_tables.c \
	%D%/load_json.c %D%/load_json.h %D%/load_json_private.h \
	%D%/load_json_read.c \
	%D%/load_judge.c %D%/load_judge.h \
	%D%/load_live.c %D%/load_live.h \
	%D%/load_output.c %D%/load_output.h \
	%D%/load_plot.c %D%/load_plot.h \
	%D%/load_plot_bands.c \
	%D%/load_print.c %D%/load_print.h \
	%D%/load_print_more.c \
	%D%/load_reader.c %D%/load_reader.h \
	%D%/load_report.c %D%/load_report.h \
	%D%/load_schedule.c %D%/load_schedule.h \
	%D%/load_script.c %D%/load_script.h \
	%D%/load_script_settle.c \
	%D%/load_search.c %D%/load_search.h \
	%D%/load_series.c %D%/load_series.h \
	%D%/load_settle.c \
	%D%/load_tally.c %D%/load_tally.h \
	%D%/load_weather.c %D%/load_weather.h \
	%D%/load_wire.c %D%/load_wire.h \
	%D%/load_worker.c %D%/load_worker.h \
	%D%/markup.c %D%/markup.h \
	%D%/mosaic.c %D%/mosaic.h \
	%D%/named.c %D%/named.h \
	%D%/operations.c %D%/operations.h \
	%D%/outfile.c %D%/outfile.h \
	%D%/outlet.c %D%/outlet.h \
	%D%/panel.c %D%/panel.h \
	%D%/parts.c %D%/parts.h \
	%D%/patience.c %D%/patience.h \
	%D%/progress.c %D%/progress.h \
	%D%/proportion.c %D%/proportion.h \
	%D%/range.c %D%/range.h \
	%D%/recording.c %D%/recording.h \
	%D%/report.c %D%/report.h \
	%D%/roster.c %D%/roster.h \
	%D%/sample.c %D%/sample.h \
	%D%/scaling.c %D%/scaling.h \
	%D%/show.c %D%/show.h \
	%D%/show_locks.c %D%/show_locks.h \
	%D%/show_result.c \
	%D%/show_store.c %D%/show_store.h \
	%D%/split.c %D%/split.h \
	%D%/statistics.c %D%/statistics.h \
	%D%/submit.c %D%/submit.h \
	%D%/svg.c %D%/svg.h \
	%D%/table.c %D%/table.h \
	%D%/talk.c %D%/talk.h \
	%D%/term.c %D%/term.h \
	%D%/timeline.c %D%/timeline.h \
	%D%/trace_file.c %D%/trace_file.h \
	%D%/trace_json.c %D%/trace_json.h \
	%D%/trace_summary.c %D%/trace_summary.h \
	%D%/trace_svg.c %D%/trace_svg.h \
	%D%/tradeoff.c %D%/tradeoff.h \
	%D%/units.c %D%/units.h \
	%D%/verdict.c %D%/verdict.h \
	%D%/weather.c %D%/weather.h \
	%D%/when.c %D%/when.h

bin_PROGRAMS += gilctl
gilctl_SOURCES = %D%/gilctl.c
gilctl_CFLAGS = $(AM_CFLAGS) -pthread
gilctl_LDADD = libgilctlcore.a libgilparts.la libgilproto.a $(EVENT_LIBS) $(JANSSON_LIBS) -lm

dist_man_MANS += %D%/gilctl.1

# Completion of both programs. The names are those that the shells look for.
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = %D%/completion/gilctl.bash %D%/completion/gild.bash
zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = %D%/completion/_gilctl %D%/completion/_gild
