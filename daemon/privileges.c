/*
 * Giving up root, and what else no process needs. Run by the master alone:
 * check at the start, by -t and for a reload; the rest once, after it bound
 * its sockets and before it forks.
 */
#include "config.h"

#include "daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Whom `user` names. */
struct identity {
	char name[SETTINGS_USER_CHARS + 1];
	uid_t uid;
	gid_t gid;
	bool has_group; /* that was written, not the user's own */
};

static int __attribute__((format(printf, 2, 3)))
complain(char error[PRIVILEGES_ERROR_CHARS + 1], const char *format, ...)
{
	va_list arguments;
	int length = snprintf(error, PRIVILEGES_ERROR_CHARS + 1, "user: ");

	va_start(arguments, format);
	vsnprintf(error + length, PRIVILEGES_ERROR_CHARS + 1 - (size_t)length,
	    format, arguments);
	va_end(arguments);
	return -1;
}

/* getpwnam() and its like leave errno alone where there is just no entry. */
static int
complain_absent(
    char error[PRIVILEGES_ERROR_CHARS + 1], const char *noun, const char *name)
{
	if (errno != 0)
		return complain(error, "cannot look up the %s \"%s\": %s", noun,
		    name, strerror(errno));
	return complain(error,
	    "there is no %s \"%s\": write the name of one that exists, as "
	    "NAME or NAME:GROUP",
	    noun, name);
}

static int
identity_find(struct identity *identity, const char *user,
    char error[PRIVILEGES_ERROR_CHARS + 1])
{
	const char *colon = strchr(user, ':');
	const struct passwd *entry;
	const struct group *group;

	snprintf(identity->name, sizeof(identity->name), "%.*s",
	    colon == NULL ? SETTINGS_USER_CHARS : (int)(colon - user), user);
	errno = 0;
	entry = getpwnam(identity->name);
	if (entry == NULL)
		return complain_absent(error, "user", identity->name);
	identity->uid = entry->pw_uid;
	identity->gid = entry->pw_gid;
	identity->has_group = colon != NULL;
	if (colon == NULL)
		return 0;
	errno = 0;
	group = getgrnam(colon + 1);
	if (group == NULL)
		return complain_absent(error, "group", colon + 1);
	identity->gid = group->gr_gid;
	return 0;
}

/* "alice", or a number where it has no name. */
static void
name_of_user(uid_t uid, char name[SETTINGS_USER_CHARS + 1])
{
	const struct passwd *entry = getpwuid(uid);

	if (entry != NULL)
		snprintf(name, SETTINGS_USER_CHARS + 1, "%s", entry->pw_name);
	else
		snprintf(name, SETTINGS_USER_CHARS + 1, "%ld", (long)uid);
}

/* Somebody who is not root: whether they are who they would have to become. */
static int
check_is_identity(
    const struct identity *identity, char error[PRIVILEGES_ERROR_CHARS + 1])
{
	char name[SETTINGS_USER_CHARS + 1];

	name_of_user(geteuid(), name);
	if (geteuid() != identity->uid || getuid() != identity->uid)
		return complain(error,
		    "gild runs as \"%s\", and only root can become \"%s\": "
		    "start it as root, or as \"%s\"",
		    name, identity->name, identity->name);
	if (identity->has_group && getegid() != identity->gid)
		return complain(error,
		    "gild runs as \"%s\" in another group, and only root can "
		    "change that: start it as root, or leave the group out",
		    name);
	return 0;
}

int
privileges_check(
    const struct settings *settings, char error[PRIVILEGES_ERROR_CHARS + 1])
{
	struct identity identity = {.name = ""};

	if (settings->user[0] == '\0')
		return 0;
	if (identity_find(&identity, settings->user, error) != 0)
		return -1;
	if (geteuid() != 0)
		return check_is_identity(&identity, error);
	if (identity.uid == 0)
		return complain(error,
		    "\"%s\" is root, whom gild would give up being: name "
		    "another user, or none",
		    identity.name);
	return 0;
}

static bool
is_to_drop(const struct settings *settings)
{
	return settings->user[0] != '\0' && geteuid() == 0;
}

int
privileges_give(const struct settings *settings, const char *path,
    char error[PRIVILEGES_ERROR_CHARS + 1])
{
	struct identity identity = {.name = ""};

	if (!is_to_drop(settings))
		return 0;
	if (identity_find(&identity, settings->user, error) != 0)
		return -1;
	/* Not through a link that somebody put there meanwhile. */
	if (lchown(path, identity.uid, identity.gid) != 0)
		return complain(error, "cannot give %.128s to \"%s\": %s", path,
		    identity.name, strerror(errno));
	return 0;
}

/* All three identities, none of them root's, and no way to it. */
static bool
is_for_good(const struct identity *identity)
{
	uid_t uids[3];
	gid_t gids[3];

	if (getresuid(&uids[0], &uids[1], &uids[2]) != 0 ||
	    getresgid(&gids[0], &gids[1], &gids[2]) != 0)
		return false;
	for (int i = 0; i < 3; i++) {
		if (uids[i] != identity->uid || gids[i] != identity->gid)
			return false;
	}
	return setresuid(0, 0, 0) != 0 && seteuid(0) != 0;
}

int
privileges_drop(
    const struct settings *settings, char error[PRIVILEGES_ERROR_CHARS + 1])
{
	struct identity identity = {.name = ""};

	if (!is_to_drop(settings))
		return privileges_check(settings, error);
	if (privileges_check(settings, error) != 0 ||
	    identity_find(&identity, settings->user, error) != 0)
		return -1;
	/* Groups first: the user could not change them any more. */
	if (initgroups(identity.name, identity.gid) != 0 ||
	    setresgid(identity.gid, identity.gid, identity.gid) != 0 ||
	    setresuid(identity.uid, identity.uid, identity.uid) != 0)
		return complain(error,
		    "cannot become \"%s\": %s; gild needs the capabilities "
		    "CAP_SETUID and CAP_SETGID for it",
		    identity.name, strerror(errno));
	if (!is_for_good(&identity))
		return complain(error,
		    "became \"%s\", and could become root again",
		    identity.name);
	return 0;
}

int
privileges_seal(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0)
		return -1;
#ifndef GILD_TRACEABLE
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) != 0)
		return -1;
#endif
	return 0;
}
