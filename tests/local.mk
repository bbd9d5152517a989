# The suites of make check. One Check program per module, in tests/unit; each
# links the library of the folder that it tests, and no other folder's.

AM_TESTS_ENVIRONMENT = export $(TEST_VARIABLES);
# They begin in this order: those first that take longest.
TESTS += $(E2E_TESTS) $(TEXT_TESTS) $(SCRIPT_TESTS)
EXTRA_DIST += %D%/unit/draws.h %D%/unit/gil_player.h %D%/unit/lab.h \
	%D%/unit/libgil_fixture.h \
	%D%/unit/load_fixture.h %D%/unit/load_sample.h \
	%D%/unit/store_fixture.h %D%/unit/store_jobs.h %D%/unit/suite.h \
	%D%/unit/xml.h

# --- proto/ ---
PROTO_TESTS = \
	%D%/unit/test_frame \
	%D%/unit/test_histogram \
	%D%/unit/test_jobid \
	%D%/unit/test_jsonrpc \
	%D%/unit/test_lockevent \
	%D%/unit/test_lockrecord \
	%D%/unit/test_lockwire \
	%D%/unit/test_memory \
	%D%/unit/test_nearest \
	%D%/unit/test_record \
	%D%/unit/test_request \
	%D%/unit/test_result \
	%D%/unit/test_rpcerror \
	%D%/unit/test_writer
PROTO_LDADD = libgilproto.a $(CHECK_LIBS) $(EVENT_LIBS) $(JANSSON_LIBS)
check_PROGRAMS += $(PROTO_TESTS)
TESTS += $(PROTO_TESTS)
%C%_unit_test_frame_LDADD = $(PROTO_LDADD)
%C%_unit_test_histogram_LDADD = $(PROTO_LDADD)
%C%_unit_test_jobid_LDADD = $(PROTO_LDADD)
%C%_unit_test_jsonrpc_LDADD = $(PROTO_LDADD)
%C%_unit_test_lockevent_LDADD = $(PROTO_LDADD)
%C%_unit_test_lockrecord_LDADD = $(PROTO_LDADD)
%C%_unit_test_lockwire_LDADD = $(PROTO_LDADD)
%C%_unit_test_memory_LDADD = $(PROTO_LDADD)
%C%_unit_test_nearest_LDADD = $(PROTO_LDADD)
%C%_unit_test_record_LDADD = $(PROTO_LDADD)
%C%_unit_test_request_LDADD = $(PROTO_LDADD)
%C%_unit_test_result_LDADD = $(PROTO_LDADD)
%C%_unit_test_rpcerror_LDADD = $(PROTO_LDADD)
%C%_unit_test_writer_LDADD = $(PROTO_LDADD)

# --- daemon/ ---
DAEMON_TESTS = \
	%D%/unit/test_address \
	%D%/unit/test_authority \
	%D%/unit/test_backoff \
	%D%/unit/test_board \
	%D%/unit/test_bucket \
	%D%/unit/test_configuration \
	%D%/unit/test_connection \
	%D%/unit/test_connection_bound \
	%D%/unit/test_connection_gift \
	%D%/unit/test_connection_output \
	%D%/unit/test_connection_time \
	%D%/unit/test_dispatch \
	%D%/unit/test_dispatch_bundles \
	%D%/unit/test_dispatch_turns \
	%D%/unit/test_dispatch_window \
	%D%/unit/test_docket \
	%D%/unit/test_doors \
	%D%/unit/test_event_cost \
	%D%/unit/test_event_ring \
	%D%/unit/test_executor \
	%D%/unit/test_journal \
	%D%/unit/test_listeners \
	%D%/unit/test_lock_events \
	%D%/unit/test_log \
	%D%/unit/test_memo \
	%D%/unit/test_meter \
	%D%/unit/test_notify \
	%D%/unit/test_option_texts \
	%D%/unit/test_options \
	%D%/unit/test_options_file \
	%D%/unit/test_packet \
	%D%/unit/test_privileges \
	%D%/unit/test_pulse \
	%D%/unit/test_queue \
	%D%/unit/test_recorder \
	%D%/unit/test_recorder_jobs \
	%D%/unit/test_recorder_memos \
	%D%/unit/test_recorder_store \
	%D%/unit/test_recovery \
	%D%/unit/test_repeats \
	%D%/unit/test_sandbox \
	%D%/unit/test_scratch \
	%D%/unit/test_slot \
	%D%/unit/test_spin \
	%D%/unit/test_store \
	%D%/unit/test_store_disk \
	%D%/unit/test_store_file \
	%D%/unit/test_store_list \
	%D%/unit/test_title
DAEMON_LDADD = libgildcore.a $(PROTO_LDADD) $(CONFUSE_LIBS) $(SECCOMP_LIBS) \
	$(SQLITE_LIBS)
CONNECTION_FIXTURE = %D%/unit/connection_fixture.c \
	%D%/unit/connection_fixture.h
DISPATCH_FIXTURE = %D%/unit/dispatch_fixture.c %D%/unit/dispatch_fixture.h
RECORDER_FIXTURE = %D%/unit/recorder_fixture.c %D%/unit/recorder_fixture.h
check_PROGRAMS += $(DAEMON_TESTS)
TESTS += $(DAEMON_TESTS)
%C%_unit_test_address_LDADD = $(DAEMON_LDADD)
%C%_unit_test_authority_LDADD = $(DAEMON_LDADD)
%C%_unit_test_backoff_LDADD = $(DAEMON_LDADD)
%C%_unit_test_board_LDADD = $(DAEMON_LDADD)
%C%_unit_test_bucket_LDADD = $(DAEMON_LDADD)
%C%_unit_test_configuration_LDADD = $(DAEMON_LDADD)
%C%_unit_test_connection_SOURCES = %D%/unit/test_connection.c \
	$(CONNECTION_FIXTURE)
%C%_unit_test_connection_LDADD = $(DAEMON_LDADD)
%C%_unit_test_connection_bound_SOURCES = %D%/unit/test_connection_bound.c \
	$(CONNECTION_FIXTURE)
%C%_unit_test_connection_bound_LDADD = $(DAEMON_LDADD)
%C%_unit_test_connection_gift_SOURCES = %D%/unit/test_connection_gift.c \
	$(CONNECTION_FIXTURE)
%C%_unit_test_connection_gift_LDADD = $(DAEMON_LDADD)
%C%_unit_test_connection_output_SOURCES = %D%/unit/test_connection_output.c \
	$(CONNECTION_FIXTURE)
%C%_unit_test_connection_output_LDADD = $(DAEMON_LDADD)
%C%_unit_test_connection_time_SOURCES = %D%/unit/test_connection_time.c \
	$(CONNECTION_FIXTURE)
%C%_unit_test_connection_time_LDADD = $(DAEMON_LDADD)
%C%_unit_test_dispatch_SOURCES = %D%/unit/test_dispatch.c \
	$(DISPATCH_FIXTURE)
%C%_unit_test_dispatch_LDADD = $(DAEMON_LDADD)
%C%_unit_test_dispatch_bundles_SOURCES = %D%/unit/test_dispatch_bundles.c \
	$(DISPATCH_FIXTURE)
%C%_unit_test_dispatch_bundles_LDADD = $(DAEMON_LDADD)
%C%_unit_test_dispatch_turns_SOURCES = %D%/unit/test_dispatch_turns.c \
	$(DISPATCH_FIXTURE)
%C%_unit_test_dispatch_turns_LDADD = $(DAEMON_LDADD)
%C%_unit_test_dispatch_window_SOURCES = %D%/unit/test_dispatch_window.c \
	$(DISPATCH_FIXTURE)
%C%_unit_test_dispatch_window_LDADD = $(DAEMON_LDADD)
%C%_unit_test_docket_LDADD = $(DAEMON_LDADD)
%C%_unit_test_doors_LDADD = $(DAEMON_LDADD)
%C%_unit_test_event_cost_LDADD = $(DAEMON_LDADD)
%C%_unit_test_event_ring_LDADD = $(DAEMON_LDADD)
%C%_unit_test_executor_LDADD = $(DAEMON_LDADD)
%C%_unit_test_journal_LDADD = $(DAEMON_LDADD)
%C%_unit_test_listeners_LDADD = $(DAEMON_LDADD)
%C%_unit_test_lock_events_LDADD = $(DAEMON_LDADD)
%C%_unit_test_log_LDADD = $(DAEMON_LDADD)
%C%_unit_test_memo_LDADD = $(DAEMON_LDADD)
%C%_unit_test_meter_LDADD = $(DAEMON_LDADD)
%C%_unit_test_notify_LDADD = $(DAEMON_LDADD)
%C%_unit_test_option_texts_LDADD = $(DAEMON_LDADD)
%C%_unit_test_options_LDADD = $(DAEMON_LDADD)
%C%_unit_test_options_file_LDADD = $(DAEMON_LDADD)
%C%_unit_test_packet_LDADD = $(DAEMON_LDADD)
%C%_unit_test_privileges_LDADD = $(DAEMON_LDADD)
%C%_unit_test_pulse_LDADD = $(DAEMON_LDADD)
%C%_unit_test_queue_LDADD = $(DAEMON_LDADD)
%C%_unit_test_recorder_SOURCES = %D%/unit/test_recorder.c \
	$(RECORDER_FIXTURE)
%C%_unit_test_recorder_LDADD = $(DAEMON_LDADD)
%C%_unit_test_recorder_jobs_SOURCES = %D%/unit/test_recorder_jobs.c \
	$(RECORDER_FIXTURE)
%C%_unit_test_recorder_jobs_LDADD = $(DAEMON_LDADD)
%C%_unit_test_recorder_memos_SOURCES = %D%/unit/test_recorder_memos.c \
	$(RECORDER_FIXTURE)
%C%_unit_test_recorder_memos_LDADD = $(DAEMON_LDADD)
%C%_unit_test_recorder_store_SOURCES = %D%/unit/test_recorder_store.c \
	$(RECORDER_FIXTURE)
%C%_unit_test_recorder_store_LDADD = $(DAEMON_LDADD)
%C%_unit_test_recovery_LDADD = $(DAEMON_LDADD)
%C%_unit_test_repeats_LDADD = $(DAEMON_LDADD)
%C%_unit_test_sandbox_LDADD = $(DAEMON_LDADD)
%C%_unit_test_scratch_LDADD = $(DAEMON_LDADD)
%C%_unit_test_slot_LDADD = $(DAEMON_LDADD)
%C%_unit_test_spin_LDADD = $(DAEMON_LDADD)
%C%_unit_test_store_LDADD = $(DAEMON_LDADD)
%C%_unit_test_store_disk_SOURCES = %D%/unit/test_store_disk.c \
	%D%/unit/disk.c %D%/unit/disk.h
%C%_unit_test_store_disk_LDADD = $(DAEMON_LDADD)
%C%_unit_test_store_file_LDADD = $(DAEMON_LDADD)
%C%_unit_test_store_list_LDADD = $(DAEMON_LDADD)
%C%_unit_test_title_LDADD = $(DAEMON_LDADD)

# --- daemon/: the lock and the countdown, which need nobody else ---
LOCK_TESTS = \
	%D%/unit/test_countdown \
	%D%/unit/test_gil \
	%D%/unit/test_gil_contest \
	%D%/unit/test_gil_policies \
	%D%/unit/test_gil_policy \
	%D%/unit/test_gil_stress
LOCK_LDADD = libgildcore.a libgilproto.a $(CHECK_LIBS)
check_PROGRAMS += $(LOCK_TESTS)
TESTS += $(LOCK_TESTS)
%C%_unit_test_countdown_LDADD = $(LOCK_LDADD)
%C%_unit_test_gil_LDADD = $(LOCK_LDADD)
%C%_unit_test_gil_contest_LDADD = $(LOCK_LDADD)
%C%_unit_test_gil_policies_LDADD = $(LOCK_LDADD)
%C%_unit_test_gil_policy_LDADD = $(LOCK_LDADD)
%C%_unit_test_gil_stress_LDADD = $(LOCK_LDADD)

# --- client/ ---
CLIENT_TESTS = \
	%D%/unit/test_bar \
	%D%/unit/test_chance \
	%D%/unit/test_chart \
	%D%/unit/test_comparison \
	%D%/unit/test_convoy \
	%D%/unit/test_count \
	%D%/unit/test_ending \
	%D%/unit/test_errands \
	%D%/unit/test_family \
	%D%/unit/test_fit \
	%D%/unit/test_flight \
	%D%/unit/test_hdr \
	%D%/unit/test_history \
	%D%/unit/test_ledger \
	%D%/unit/test_lines \
	%D%/unit/test_libgil \
	%D%/unit/test_libgil_connect \
	%D%/unit/test_libgil_memory \
	%D%/unit/test_libgil_reply \
	%D%/unit/test_libgil_scan \
	%D%/unit/test_load_bracket \
	%D%/unit/test_load_connection \
	%D%/unit/test_load_contrast \
	%D%/unit/test_load_expect \
	%D%/unit/test_load_hgrm \
	%D%/unit/test_load_html \
	%D%/unit/test_load_json \
	%D%/unit/test_load_judge \
	%D%/unit/test_load_live \
	%D%/unit/test_load_print \
	%D%/unit/test_load_schedule \
	%D%/unit/test_load_script \
	%D%/unit/test_load_series \
	%D%/unit/test_load_tally \
	%D%/unit/test_markup \
	%D%/unit/test_mosaic \
	%D%/unit/test_operations \
	%D%/unit/test_outfile \
	%D%/unit/test_panel \
	%D%/unit/test_patience \
	%D%/unit/test_proportion \
	%D%/unit/test_range \
	%D%/unit/test_roster \
	%D%/unit/test_sample \
	%D%/unit/test_scaling \
	%D%/unit/test_split \
	%D%/unit/test_statistics \
	%D%/unit/test_submit \
	%D%/unit/test_svg \
	%D%/unit/test_table \
	%D%/unit/test_timeline \
	%D%/unit/test_trace_json \
	%D%/unit/test_trace_svg \
	%D%/unit/test_tradeoff \
	%D%/unit/test_units \
	%D%/unit/test_verdict \
	%D%/unit/test_weather \
	%D%/unit/test_when
LIBGIL_LDADD = libgilparts.la $(CHECK_LIBS) $(JANSSON_LIBS)
CLIENT_LDADD = libgilctlcore.a libgilparts.la $(PROTO_LDADD) -lm
check_PROGRAMS += $(CLIENT_TESTS)
TESTS += $(CLIENT_TESTS)
%C%_unit_test_bar_LDADD = $(CLIENT_LDADD)
%C%_unit_test_chance_LDADD = $(CLIENT_LDADD)
%C%_unit_test_chart_LDADD = $(CLIENT_LDADD)
%C%_unit_test_comparison_LDADD = $(CLIENT_LDADD)
%C%_unit_test_convoy_LDADD = $(CLIENT_LDADD)
%C%_unit_test_count_LDADD = $(CLIENT_LDADD)
%C%_unit_test_ending_LDADD = $(CLIENT_LDADD)
%C%_unit_test_errands_LDADD = $(CLIENT_LDADD)
%C%_unit_test_family_LDADD = $(CLIENT_LDADD)
%C%_unit_test_fit_LDADD = $(CLIENT_LDADD)
%C%_unit_test_flight_LDADD = $(CLIENT_LDADD)
%C%_unit_test_hdr_LDADD = $(CLIENT_LDADD)
%C%_unit_test_history_LDADD = $(CLIENT_LDADD)
%C%_unit_test_ledger_LDADD = $(CLIENT_LDADD)
%C%_unit_test_lines_LDADD = $(CLIENT_LDADD)
%C%_unit_test_libgil_LDADD = $(LIBGIL_LDADD)
%C%_unit_test_libgil_connect_LDADD = $(LIBGIL_LDADD)
%C%_unit_test_libgil_memory_LDADD = $(LIBGIL_LDADD)
%C%_unit_test_libgil_memory_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
%C%_unit_test_libgil_reply_LDADD = $(LIBGIL_LDADD)
%C%_unit_test_libgil_scan_LDADD = $(LIBGIL_LDADD)
%C%_unit_test_load_bracket_LDADD = $(CLIENT_LDADD)
%C%_unit_test_load_connection_LDADD = $(CLIENT_LDADD)
%C%_unit_test_load_contrast_LDADD = $(CLIENT_LDADD)
%C%_unit_test_load_expect_LDADD = $(CLIENT_LDADD)
%C%_unit_test_load_hgrm_LDADD = $(CLIENT_LDADD)
%C%_unit_test_load_html_LDADD = $(CLIENT_LDADD)
%C%_unit_test_load_json_LDADD = $(CLIENT_LDADD)
%C%_unit_test_load_judge_LDADD = $(CLIENT_LDADD)
%C%_unit_test_load_live_LDADD = $(CLIENT_LDADD)
%C%_unit_test_load_print_LDADD = $(CLIENT_LDADD)
%C%_unit_test_load_schedule_LDADD = $(CLIENT_LDADD)
%C%_unit_test_load_script_LDADD = $(CLIENT_LDADD)
%C%_unit_test_load_series_LDADD = $(CLIENT_LDADD)
%C%_unit_test_load_tally_LDADD = $(CLIENT_LDADD)
%C%_unit_test_markup_LDADD = $(CLIENT_LDADD)
%C%_unit_test_mosaic_LDADD = $(CLIENT_LDADD)
%C%_unit_test_operations_LDADD = $(CLIENT_LDADD)
%C%_unit_test_outfile_LDADD = $(CLIENT_LDADD)
%C%_unit_test_panel_LDADD = $(CLIENT_LDADD)
%C%_unit_test_patience_LDADD = $(CLIENT_LDADD)
%C%_unit_test_proportion_LDADD = $(CLIENT_LDADD)
%C%_unit_test_range_LDADD = $(CLIENT_LDADD)
%C%_unit_test_roster_LDADD = $(CLIENT_LDADD)
%C%_unit_test_sample_LDADD = $(CLIENT_LDADD)
%C%_unit_test_scaling_LDADD = $(CLIENT_LDADD)
%C%_unit_test_split_LDADD = $(CLIENT_LDADD)
%C%_unit_test_statistics_LDADD = $(CLIENT_LDADD)
%C%_unit_test_submit_LDADD = $(CLIENT_LDADD)
%C%_unit_test_svg_LDADD = $(CLIENT_LDADD)
%C%_unit_test_table_LDADD = $(CLIENT_LDADD)
%C%_unit_test_timeline_LDADD = $(CLIENT_LDADD)
%C%_unit_test_trace_json_LDADD = $(CLIENT_LDADD)
%C%_unit_test_trace_svg_LDADD = $(CLIENT_LDADD)
%C%_unit_test_tradeoff_LDADD = $(CLIENT_LDADD)
%C%_unit_test_units_LDADD = $(CLIENT_LDADD)
%C%_unit_test_verdict_LDADD = $(CLIENT_LDADD)
%C%_unit_test_weather_LDADD = $(CLIENT_LDADD)
%C%_unit_test_when_LDADD = $(CLIENT_LDADD)

# --- end to end: a real gild, driven over its sockets ---
E2E_TESTS = \
	%D%/e2e/test_bounds \
	%D%/e2e/test_clients \
	%D%/e2e/test_fair \
	%D%/e2e/test_faults \
	%D%/e2e/test_gilctl \
	%D%/e2e/test_gilctl_admin \
	%D%/e2e/test_gilctl_ends \
	%D%/e2e/test_gilctl_fit \
	%D%/e2e/test_gilctl_load \
	%D%/e2e/test_gilctl_resume \
	%D%/e2e/test_gilctl_stall \
	%D%/e2e/test_gilctl_store \
	%D%/e2e/test_gilctl_stream \
	%D%/e2e/test_gilctl_submit \
	%D%/e2e/test_gilctl_trace \
	%D%/e2e/test_hardening \
	%D%/e2e/test_hostile_bytes \
	%D%/e2e/test_hostile_floods \
	%D%/e2e/test_hostile_lines \
	%D%/e2e/test_injected \
	%D%/e2e/test_injected_disk \
	%D%/e2e/test_injected_memory \
	%D%/e2e/test_jobs \
	%D%/e2e/test_libgil \
	%D%/e2e/test_limits \
	%D%/e2e/test_lock \
	%D%/e2e/test_lock_events \
	%D%/e2e/test_lock_set \
	%D%/e2e/test_lab \
	%D%/e2e/test_pulse \
	%D%/e2e/test_reload \
	%D%/e2e/test_reload_changes \
	%D%/e2e/test_reload_clients \
	%D%/e2e/test_service \
	%D%/e2e/test_signals \
	%D%/e2e/test_stats \
	%D%/e2e/test_store \
	%D%/e2e/test_store_cancel \
	%D%/e2e/test_store_disk \
	%D%/e2e/test_store_faults \
	%D%/e2e/test_store_key \
	%D%/e2e/test_store_record \
	%D%/e2e/test_store_reload \
	%D%/e2e/test_store_restart \
	%D%/e2e/test_store_stop \
	%D%/e2e/test_trace
E2E_LDADD = libe2e.a $(CHECK_LIBS) $(JANSSON_LIBS)
check_LIBRARIES += libe2e.a
libe2e_a_SOURCES = \
	%D%/e2e/client.c %D%/e2e/client.h \
	%D%/e2e/expect.c %D%/e2e/expect.h \
	%D%/e2e/harness.c %D%/e2e/harness.h \
	%D%/e2e/hostile.c %D%/e2e/hostile.h \
	%D%/e2e/loading.c %D%/e2e/loading.h \
	%D%/e2e/operator.c %D%/e2e/operator.h \
	%D%/e2e/peer.c %D%/e2e/peer.h \
	%D%/e2e/process.c %D%/e2e/process.h \
	%D%/e2e/stored.c %D%/e2e/stored.h \
	%D%/e2e/storing.c %D%/e2e/storing.h \
	%D%/e2e/terminal.c %D%/e2e/terminal.h \
	%D%/e2e/value.c %D%/e2e/value.h \
	%D%/faults/steer.c %D%/faults/steer.h
libe2e_a_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
check_PROGRAMS += $(E2E_TESTS)
%C%_e2e_test_bounds_LDADD = $(E2E_LDADD)
%C%_e2e_test_clients_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_fair_LDADD = $(E2E_LDADD)
%C%_e2e_test_faults_LDADD = $(E2E_LDADD)
%C%_e2e_test_gilctl_LDADD = $(E2E_LDADD)
%C%_e2e_test_gilctl_admin_LDADD = $(E2E_LDADD)
%C%_e2e_test_gilctl_ends_LDADD = $(E2E_LDADD)
%C%_e2e_test_gilctl_fit_LDADD = $(E2E_LDADD)
%C%_e2e_test_gilctl_resume_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_gilctl_stall_LDADD = $(E2E_LDADD)
%C%_e2e_test_gilctl_store_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_gilctl_stream_LDADD = $(E2E_LDADD)
%C%_e2e_test_gilctl_submit_LDADD = $(E2E_LDADD)
%C%_e2e_test_gilctl_load_LDADD = $(E2E_LDADD)
%C%_e2e_test_gilctl_trace_LDADD = $(E2E_LDADD)
%C%_e2e_test_hardening_LDADD = $(E2E_LDADD)
%C%_e2e_test_hostile_bytes_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_hostile_floods_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_hostile_lines_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_injected_LDADD = $(E2E_LDADD)
%C%_e2e_test_injected_disk_LDADD = $(E2E_LDADD)
%C%_e2e_test_injected_memory_LDADD = $(E2E_LDADD)
%C%_e2e_test_jobs_LDADD = $(E2E_LDADD)
%C%_e2e_test_lab_LDADD = $(E2E_LDADD)
%C%_e2e_test_libgil_LDADD = libgilparts.la $(E2E_LDADD)
%C%_e2e_test_limits_LDADD = $(E2E_LDADD)
%C%_e2e_test_lock_LDADD = $(E2E_LDADD)
%C%_e2e_test_lock_events_LDADD = $(E2E_LDADD)
%C%_e2e_test_lock_set_LDADD = $(E2E_LDADD)
%C%_e2e_test_pulse_LDADD = $(E2E_LDADD)
%C%_e2e_test_reload_LDADD = $(E2E_LDADD)
%C%_e2e_test_reload_changes_LDADD = $(E2E_LDADD)
%C%_e2e_test_reload_clients_LDADD = $(E2E_LDADD)
%C%_e2e_test_service_LDADD = $(E2E_LDADD)
%C%_e2e_test_signals_LDADD = $(E2E_LDADD)
%C%_e2e_test_stats_LDADD = $(E2E_LDADD)
%C%_e2e_test_store_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_store_cancel_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_store_disk_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_store_faults_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_store_key_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_store_record_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_store_reload_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_store_restart_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_store_stop_LDADD = libe2e.a $(PROTO_LDADD)
%C%_e2e_test_trace_LDADD = libe2e.a libtracecheck.a $(PROTO_LDADD)

# gild whose executors make a forbidden call when they are told to, for
# test_hardening: its fault.o is linked instead of libgildcore's.
check_PROGRAMS += %D%/e2e/gild_tripping
%C%_e2e_gild_tripping_SOURCES = daemon/gild.c %D%/e2e/tripping.c %D%/e2e/tripping.h
%C%_e2e_gild_tripping_CFLAGS = $(AM_CFLAGS) -pthread
%C%_e2e_gild_tripping_LDADD = $(gild_LDADD)

# --- recorded lock events: a checker of the lock's promises, and its test ---
check_LIBRARIES += libtracecheck.a
libtracecheck_a_SOURCES = \
	%D%/trace/check.c %D%/trace/check.h %D%/trace/check_private.h \
	%D%/trace/check_result.c \
	%D%/trace/grammar.c %D%/trace/grammar.h \
	%D%/trace/page.c %D%/trace/page.h
check_PROGRAMS += %D%/trace/check_trace %D%/trace/test_check
TESTS += %D%/trace/test_check
%C%_trace_check_trace_LDADD = libtracecheck.a $(PROTO_LDADD)
%C%_trace_test_check_LDADD = libtracecheck.a $(PROTO_LDADD)

# --- PROTOCOL.md: its examples' syntax, its completeness, and its truth ---
PROTOCOL_TESTS = \
	%D%/unit/test_example \
	%D%/unit/test_specification \
	%D%/e2e/test_protocol
check_PROGRAMS += $(PROTOCOL_TESTS)
TESTS += $(PROTOCOL_TESTS)
EXAMPLE_SOURCES = %D%/e2e/example.c %D%/e2e/example.h
%C%_unit_test_example_SOURCES = %D%/unit/test_example.c $(EXAMPLE_SOURCES)
%C%_unit_test_example_LDADD = $(PROTO_LDADD)
%C%_unit_test_specification_SOURCES = %D%/unit/test_specification.c \
	$(EXAMPLE_SOURCES)
%C%_unit_test_specification_LDADD = $(DAEMON_LDADD)
%C%_e2e_test_protocol_SOURCES = %D%/e2e/test_protocol.c $(EXAMPLE_SOURCES)
%C%_e2e_test_protocol_LDADD = libe2e.a $(PROTO_LDADD)

# --- the benchmark's own ---
check_PROGRAMS += %D%/unit/test_latency
TESTS += %D%/unit/test_latency
%C%_unit_test_latency_SOURCES = %D%/unit/test_latency.c \
	%D%/bench/peers/latency.c %D%/bench/peers/latency.h
%C%_unit_test_latency_LDADD = $(CHECK_LIBS)

# --- scripts: the layers, the manuals, completion, the README ---
# Whatever a compiler makes of the sources, the first of these find the same:
# make check TEXT_TESTS= leaves them out.
TEXT_TESTS = \
	%D%/lint/layers.sh \
	%D%/lint/test_layers.sh \
	%D%/lint/test_gild_manual.sh \
	%D%/lint/test_gilctl_manual.sh \
	%D%/lint/mandoc.sh \
	%D%/lint/test_missing_entries.sh \
	%D%/lint/test_completion.sh
# What a user does by a script.
SCRIPT_TESTS = \
	%D%/bench/peers/test_peers.sh \
	%D%/e2e/test_libgil_installed.sh \
	%D%/e2e/test_load_scripts.sh \
	%D%/e2e/test_readme.sh
dist_check_SCRIPTS += $(TEXT_TESTS) $(SCRIPT_TESTS) %D%/lint/lint.sh
dist_noinst_DATA += %D%/lint/cppcheck.cfg %D%/lint/python.py
dist_noinst_SCRIPTS += %D%/lint/completion.bash %D%/lint/completion.zsh

include %D%/fuzz/local.mk
include %D%/faults/local.mk
