/*
 * Memory that runs out inside libevent, which does not always say so: some of
 * its calls then do half of what they are to do. Who must know counts before
 * and after them. One thread of a process.
 */
#ifndef GILD_DAEMON_SCARCITY_H
#define GILD_DAEMON_SCARCITY_H

/* Before libevent's first allocation in this process. */
void scarcity_watch(void);
/* How often libevent has got no memory since. */
unsigned long scarcity_count(void);

#endif
