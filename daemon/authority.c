/*
 * Authority. Run by a frontend's one thread. The credentials are those that the
 * client had when it connected (SO_PEERCRED and SO_PEERGROUPS, unix(7)).
 */
#include "daemon/authority.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* SO_PEERGROUPS is newer than some libraries' headers. */
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

static bool
is_unix_socket(int fd)
{
	int domain = 0;
	socklen_t size = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
	    domain == AF_UNIX;
}

/* Among the groups that the client has beside its first one. */
static bool
has_group(int fd, gid_t wanted)
{
	gid_t few, *groups = &few;
	socklen_t size = sizeof(few);
	bool is_known, is_found = false;

	/* Where they do not fit it says how much room they take. */
	is_known =
	    getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0;
	if (!is_known && errno == ERANGE) {
		groups = malloc(size);
		is_known = groups != NULL &&
		    getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) ==
			0;
	}
	for (size_t i = 0; is_known && i < size / sizeof(*groups); i++)
		is_found = is_found || groups[i] == wanted;
	if (groups != &few)
		free(groups);
	return is_found;
}

int
authority_check(int fd, struct rpc_error *error)
{
	struct ucred client = {.pid = 0};
	socklen_t size = sizeof(client);

	if (!is_unix_socket(fd))
		return rpc_error_set(error, RPC_FORBIDDEN, NULL,
		    "orders are taken over a Unix socket only, such as "
		    "unix:/run/gild/gild.sock, where gild can see who asks");
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &client, &size) != 0)
		return rpc_error_set(error, RPC_FORBIDDEN, NULL,
		    "the system does not tell who asks");
	if (client.uid == 0 || client.uid == geteuid() ||
	    client.gid == getegid() || has_group(fd, getegid()))
		return 0;
	return rpc_error_set(error, RPC_FORBIDDEN, NULL,
	    "user %ld may not give orders: root may, and user %ld and the "
	    "members of group %ld, as which gild runs",
	    (long)client.uid, (long)geteuid(), (long)getegid());
}
