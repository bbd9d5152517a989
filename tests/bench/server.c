/*
 * Servers and clients for benchmarks: a program is started, and talked to over
 * loopback, a line at a time.
 */
#include "tests/bench/server.h"

#include <dirent.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"

void
die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

int
find_cpu(int n)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		die("sched_getaffinity");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &allowed) && n-- == 0)
			return cpu;
	}
	return -1;
}

void
pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		die("sched_setaffinity");
}

struct server
server_start(const char *const argv[], int cpu)
{
	struct server server;
	unsigned port = 0;
	int ends[2];
	char line[256];
	FILE *out;

	if (pipe(ends) != 0)
		die("pipe");
	server.pid = fork();
	if (server.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (cpu >= 0)
			pin(cpu);
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execv(argv[0], (char *const *)argv);
		die(argv[0]);
	}
	close(ends[1]);
	out = fdopen(ends[0], "r");
	while (out != NULL && fgets(line, sizeof(line), out) != NULL &&
	    strcmp(line, "ready\n") != 0)
		sscanf(line, "listening on 127.0.0.1:%u", &port);
	if (port == 0) {
		fprintf(stderr, "%s did not start\n", argv[0]);
		exit(EXIT_FAILURE);
	}
	server.port = htons((in_port_t)port);
	return server;
}

void
server_stop(const struct server *server)
{
	kill(server->pid, SIGTERM);
	waitpid(server->pid, NULL, 0);
}

/* The first figure of its schedstat. */
static uint64_t
process_cpu_ns(pid_t pid)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	file = fopen(path, "r");
	if (file == NULL || fscanf(file, "%llu", &ns) != 1)
		die(path);
	fclose(file);
	return ns;
}

/* 0 where there is no such process any more. */
static pid_t
process_parent(pid_t pid)
{
	char path[64];
	int parent = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%*d (%*[^)]) %*c %d", &parent) != 1)
		parent = 0;
	fclose(file);
	return parent;
}

/* Whether its title says that it is of this kind. */
static bool
process_is(pid_t pid, const char *kind)
{
	char path[64], title[256];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	length = fread(title, 1, sizeof(title) - 1, file);
	title[length] = '\0';
	fclose(file);
	return strstr(title, kind) != NULL;
}

uint64_t
server_cpu_ns(const struct server *server, const char *kind)
{
	DIR *directory = opendir("/proc");
	uint64_t ns = 0;
	const struct dirent *entry;

	if (directory == NULL)
		die("/proc");
	while ((entry = readdir(directory)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && process_parent(pid) == server->pid &&
		    process_is(pid, kind))
			ns += process_cpu_ns(pid);
	}
	closedir(directory);
	return ns;
}

const char *
gild_program(void)
{
	const char *program = getenv("GILD");

	return program != NULL ? program : "./gild";
}

void
client_open(struct client *client, in_port_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = port};
	int on = 1;

	client->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (client->fd < 0 ||
	    connect(client->fd, (void *)&address, sizeof(address)) != 0)
		die("connect");
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

double
client_call(struct client *client, const char *request)
{
	uint64_t start_ns = clock_monotonic_ns();
	size_t length = 0;

	if (write(client->fd, request, strlen(request)) < 0)
		die("write");
	do {
		ssize_t got = read(client->fd, client->line + length,
		    sizeof(client->line) - length - 1);

		if (got <= 0)
			die("read");
		length += (size_t)got;
	} while (client->line[length - 1] != '\n');
	client->line[length] = '\0';
	return (double)(clock_monotonic_ns() - start_ns) / 1e3;
}

int64_t
find_integer(const char **at, const char *name)
{
	char key[64];
	const char *found;

	snprintf(key, sizeof(key), "\"%s\":", name);
	found = strstr(*at, key);
	if (found == NULL)
		return -1;
	found += strlen(key);
	*at = found;
	return strtoll(found, NULL, 10);
}
