/*
 * The members that load_json.c writes and load_json_read.c reads: one table for
 * both directions.
 */
#ifndef GILD_CLIENT_LOAD_JSON_PRIVATE_H
#define GILD_CLIENT_LOAD_JSON_PRIVATE_H

#include "client/load_report.h"
#include "proto/member.h"

static const struct member_row load_count_members[] = {
    MEMBER(load_counts, scheduled, MEMBER_MAX_INTEGER),
    MEMBER(load_counts, sent, MEMBER_MAX_INTEGER),
    MEMBER(load_counts, done, MEMBER_MAX_INTEGER),
    MEMBER(load_counts, failed, MEMBER_MAX_INTEGER),
    MEMBER(load_counts, skipped, MEMBER_MAX_INTEGER),
    MEMBER(load_counts, not_sent, MEMBER_MAX_INTEGER),
};

static const struct member_row load_point_members[] = {
    MEMBER(load_point, start_ns, MEMBER_MAX_INTEGER),
    MEMBER(load_point, length_ns, MEMBER_MAX_INTEGER),
    MEMBER(load_point, scheduled, MEMBER_MAX_INTEGER),
    MEMBER(load_point, sent, MEMBER_MAX_INTEGER),
    MEMBER(load_point, done, MEMBER_MAX_INTEGER),
    MEMBER(load_point, failed, MEMBER_MAX_INTEGER),
    MEMBER(load_point, p50_ns, MEMBER_MAX_INTEGER),
    MEMBER(load_point, p99_ns, MEMBER_MAX_INTEGER),
    MEMBER(load_point, max_ns, MEMBER_MAX_INTEGER),
};

static const struct member_row load_band_members[] = {
    MEMBER(load_band, jobs, MEMBER_MAX_INTEGER),
    MEMBER(load_band, low_ns, MEMBER_MAX_INTEGER),
    MEMBER(load_band, high_ns, MEMBER_MAX_INTEGER),
};

static const struct member_row load_report_members[] = {
    MEMBER(load_report, run_ns, MEMBER_MAX_INTEGER),
    MEMBER(load_report, measured_ns, MEMBER_MAX_INTEGER),
    MEMBER(load_report, drain_ns, MEMBER_MAX_INTEGER),
    MEMBER(load_report, interval_ns, MEMBER_MAX_INTEGER),
};

#endif
