/*
 * What benchmarks that start servers have in common: a server and its clients.
 * What goes wrong ends the program.
 */
#ifndef GILD_TESTS_BENCH_SERVER_H
#define GILD_TESTS_BENCH_SERVER_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Says what failed, and why (errno), and ends. */
void die(const char *what) __attribute__((noreturn));

/* The n-th of the CPUs that we may use, or -1. */
int find_cpu(int n);
/* Onto one CPU. */
void pin(int cpu);

struct server {
	pid_t pid;
	in_port_t port; /* as the network has it */
};

/*
 * Starts a program that says "listening on 127.0.0.1:PORT" and "ready", with all
 * of its processes on one CPU, or on any with -1. It ends when we do.
 */
struct server server_start(const char *const argv[], int cpu);
void server_stop(const struct server *server);
/* What the first threads of its children whose title has this word in it have
 * taken of the CPUs. */
uint64_t server_cpu_ns(const struct server *server, const char *kind);
/* $GILD or ./gild */
const char *gild_program(void);

struct client {
	int fd;
	char line[65536];
};

void client_open(struct client *client, in_port_t port);
/* Sends a line, waits for a line. Microseconds. */
double client_call(struct client *client, const char *request);

/* The integer behind "NAME": in a line, from *at on, which moves behind it; or
 * -1. */
int64_t find_integer(const char **at, const char *name);

#endif
