/*
 * Owns: reading of /proc who is whose child. Grandchildren that live are not
 * looked for: a gild has none.
 */
#include "client/family.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)

int
family_parse(const char *stat, struct family_member *member)
{
	const char *open = strchr(stat, '(');
	const char *close = strrchr(stat, ')'); /* a name may have some, too */
	uint64_t ticks[4];

	if (open == NULL || close == NULL || close < open)
		return -1;
	snprintf(member->name, sizeof(member->name), "%.*s",
	    (int)(close - open - 1), open + 1);
	if (sscanf(close + 1,
		" %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64
		" %" SCNu64 " %" SCNu64 " %" SCNu64,
		&member->parent, &ticks[0], &ticks[1], &ticks[2],
		&ticks[3]) != 5)
		return -1;
	member->ticks = ticks[0] + ticks[1] + ticks[2] + ticks[3];
	return 0;
}

static int
read_member(pid_t pid, struct family_member *member)
{
	char path[32], text[1024];
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return -1;
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	return family_parse(text, member);
}

int
family_cpu_ns(pid_t pid, const char *name, uint64_t *cpu_ns)
{
	struct family_member head, member;
	long per_second = sysconf(_SC_CLK_TCK);
	const struct dirent *entry;
	uint64_t ticks;
	DIR *directory;

	if (per_second <= 0 || read_member(pid, &head) == -1 ||
	    strcmp(head.name, name) != 0)
		return -1;
	directory = opendir("/proc");
	if (directory == NULL)
		return -1;
	ticks = head.ticks;
	while ((entry = readdir(directory)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    read_member(atoi(entry->d_name), &member) == 0 &&
		    member.parent == pid)
			ticks += member.ticks;
	closedir(directory);
	*cpu_ns = ticks * (SECOND_NS / (uint64_t)per_second);
	return 0;
}
