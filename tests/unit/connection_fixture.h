/*
 * A connection, as its handler and its client see it: the test is both. The
 * client is the other end of a pair of Unix sockets, the handler writes down
 * what it is called for, and the event loop turns only when the test says so.
 * For the bodies of Check tests; what goes wrong fails the test.
 */
#ifndef GILD_TESTS_UNIT_CONNECTION_FIXTURE_H
#define GILD_TESTS_UNIT_CONNECTION_FIXTURE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/clock.h"
#include "daemon/connection.h"
#include "daemon/connection_private.h"
#include "daemon/crowd.h"
#include "tests/unit/suite.h"

#define MAX_LINE 64
#define MAX_UNSENT 4096
#define MAX_BYTES 65536
#define SHARE 1024
/* Longer than any test: what is due is looked at at times that tests make up. */
#define IDLE_NS (3000 * NS_PER_S)
#define LINE_NS (1000 * NS_PER_S)
#define STALL_NS (2000 * NS_PER_S)

struct event_base;

extern struct event_base *base;
extern struct crowd crowd;
extern struct connection *connection; /* NULL: it is gone */
extern int client;		      /* -1: it has left */

/* --- the handler --- */

/* The lines that came, each with an LF. One that was dropped is "too long" or
 * "nul", a client that took too long "late" or "idle". */
extern char lines[4096];
extern unsigned n_served; /* times that all that had come were handed out */
extern bool replies;	  /* a message of 1 KiB for each line */

extern enum connection_gift gift; /* what becomes of one that is offered */
extern unsigned n_offers;	  /* to take the connection */
extern char offered[4096];	  /* what was not served of it, the last time */
extern int taken_fd;		  /* the same socket, when it was taken */

/* A message that fills 1 KiB with its LF: a new reference. Sends one. */
json_t *big_message(void);
void send_big(void);

/* --- the client, and the loop --- */

void say(const char *text);
void leave(void);
/* Begins anew, over sockets of this type: the old client is closed. */
void reconnect(int type);

/* Serves what there is to do now. */
void turn(void);
/* Turns until the connection is gone. */
void await_end(void);
/* Reads until nothing more comes for now. How many bytes, all of messages. */
size_t read_all(void);
/* Looks for what is overdue as if it were so much later than now. */
void look_after(uint64_t ns);

/* --- suites --- */

/* A connection that nobody holds, over a socket that takes little. */
void setup(void);
void teardown(void);

#endif
