/* The master: the parent of all other processes, and the one that is told. */
#ifndef GILD_DAEMON_MASTER_H
#define GILD_DAEMON_MASTER_H

struct configuration;
struct settings;

/*
 * Binds, forks, serves until it is told to stop. settings were read from the
 * configuration, which is read again at each reload; they are taken over. The
 * exit status: 0 after an orderly end, 1 after a failed start or when jobs had
 * to be abandoned.
 */
int master_run(
    const struct configuration *configuration, struct settings *settings);

#endif
