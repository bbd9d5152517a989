/*
 * The end of a daemon on this machine, waited for by the process of its master.
 * It knows processes and pid namespaces, and nothing of the protocol.
 */
#ifndef GILD_CLIENT_ENDING_H
#define GILD_CLIENT_ENDING_H

#include <stdint.h>
#include <sys/types.h>

#define ENDING_FOREVER UINT64_MAX

enum ending_status {
	ENDING_CAME, /* the process is gone, or was gone already */
	ENDING_TIMED_OUT,
	ENDING_WOKEN,  /* wake_fd became readable */
	ENDING_FAILED, /* errno says why it cannot be waited for */
};

/*
 * The master that the daemon calls `named`, as this process has to call it.
 * `peer` is the process that made the daemon's socket listen (gil_peer_pid()).
 * 0 where it cannot be seen from here: the daemon is on another machine, or in
 * a pid namespace of its own with a socket that somebody else passed to it.
 * Where /proc does not tell it is taken to be in ours.
 */
pid_t ending_find_pid(pid_t named, pid_t peer);

/*
 * Waits until the process has ended, for timeout_ms at the most
 * (ENDING_FOREVER), or until wake_fd is readable; -1 for none. A process that
 * has ended counts as ended whether it was waited for or not, but where the
 * kernel has no pidfd_open(2) (before Linux 5.3) only when it was.
 */
enum ending_status ending_await(pid_t pid, uint64_t timeout_ms, int wake_fd)
    __attribute__((warn_unused_result));

#endif
