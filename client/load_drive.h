/*
 * A load run from its first connection to its report: whoever calls it waits
 * for as long as the script takes. It draws a live line where there is a
 * terminal, and stops early on Ctrl-C, with a report of what there was until
 * then.
 */
#ifndef GILD_CLIENT_LOAD_DRIVE_H
#define GILD_CLIENT_LOAD_DRIVE_H

#include <stdint.h>
#include <sys/types.h>

#include "client/command.h"
#include "client/load_report.h"
#include "client/load_script.h"

/* Whom it is made with: server.info's. */
struct load_server {
	char version[32];
	uint32_t cpus;
	pid_t pid;
	uint64_t max_in_flight; /* of a connection; 0: it does not say */
};

/*
 * Asks the server who it is, and whether it has the pools that the script
 * names.
 */
enum outcome load_drive_meet(const struct context *context,
    const struct load_script *script, struct load_server *server)
    __attribute__((warn_unused_result));

/*
 * Runs the script, which is settled. label is before the live line's figures.
 * On OUTCOME_FINE and OUTCOME_INTERRUPTED *report is filled in; it is to be
 * freed in any case. Everything else has been said.
 */
enum outcome load_drive(const struct context *context,
    const struct load_script *script, const struct load_server *server,
    const char *label, struct load_report *report)
    __attribute__((warn_unused_result));

#endif
