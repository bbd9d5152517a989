/* The master: the parent of all other processes, and the one that is told. */
#ifndef GILD_DAEMON_MASTER_H
#define GILD_DAEMON_MASTER_H

struct settings;

/*
 * Binds, forks, serves until it is told to stop. The exit status: 0 after an
 * orderly end, 1 after a failed start or when jobs had to be abandoned.
 */
int master_run(const struct settings *settings);

#endif
