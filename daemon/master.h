/* The master: binds the sockets, forks the children, watches over them. */
#ifndef GILD_DAEMON_MASTER_H
#define GILD_DAEMON_MASTER_H

#include "daemon/settings.h"

/* Runs until gild is told to stop. Returns the exit status. */
int master_run(const struct settings *settings);

#endif
