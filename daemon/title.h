/*
 * The title of a process: what ps(1) shows instead of its command line, such
 * as "gild: worker 3 (processes) idle".
 */
#ifndef GILD_DAEMON_TITLE_H
#define GILD_DAEMON_TITLE_H

/* Room for a title without its "gild: "; the rest is cut. */
#define TITLE_CHARS 119

/*
 * Takes the memory of the arguments and of the environment for titles. To be
 * called once, first of all in main(), before there are threads or pointers to
 * an argument. Returns argv as it is to be used from then on, a copy that
 * lives as long as the process, as does that of the environment. Without
 * memory for them there will be no titles, and argv is returned as it is.
 */
char **title_init(int argc, char *argv[]);

/* Shows "gild: " and this, from then on, in this process and its children. */
void title_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * The same for a text that is ready. May be called in a signal handler; one
 * that interrupts title_set() or this leaves either title or some of both.
 */
void title_set_text(const char *text);

#endif
