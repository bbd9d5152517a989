/*
 * The filter: made by the one thread of a process that is going to be a worker
 * or an interpreter, then entered by each thread for itself, since the threads
 * of an interpreter still have things to open when they start.
 *
 * libseccomp translates the table below to the kernel's language, once. The
 * result is kept, and loaded by our own call: that costs microseconds, which a
 * translation for each of a thousand threads would not, and it asks for
 * SECCOMP_FILTER_FLAG_SPEC_ALLOW. Without that flag some kernels slow the
 * memory accesses of a filtered thread down, and gild would measure that.
 */
#include "config.h"

#include "daemon/sandbox.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef GILD_INSTRUMENTED

bool
sandbox_is_built(void)
{
	return false;
}

int
sandbox_check(void)
{
	return 0;
}

int
sandbox_prepare(int log_socket)
{
	(void)log_socket;
	return 0;
}

int
sandbox_enter(void)
{
	return 0;
}

#else

/* What any argument may be said to. A name that a machine lacks is left out. */
static const int plain_calls[] = {
    /* The run queue, the bell; write: the queues of ended tasks, log lines. */
    SCMP_SYS(read),
    SCMP_SYS(write),
    /* An interpreter's main thread waits for the bell; whoever hands a task
     * back waits for room. Which of the two is the C library's choice. */
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(ppoll_time64),
    /* The lock, a task's sleep, the end of a thread that is joined. */
    SCMP_SYS(futex),
    SCMP_SYS(futex_time64),
    /* A wait that a stop (SIGSTOP, a debugger) interrupted goes on. */
    SCMP_SYS(restart_syscall),
    /* The meter: the CPU's clock of a thread is always a system call, the
     * others are where the kernel offers no quicker way. */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(getrusage),
    SCMP_SYS(pread64), /* see schedstat.c */
    SCMP_SYS(getcpu),
    SCMP_SYS(sched_yield), /* see spin.c */
    /* A log line has the one, abort() asks for both. */
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    /* What a heartbeat's timer does: its handler returns. abort() and the end
     * of a thread change the mask. */
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigreturn),
    SCMP_SYS(rt_sigprocmask),
    /* malloc() and free(), and the stack of a thread that ended. */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(madvise),
    /* The end: of the schedstat, of a thread, of the process. */
    SCMP_SYS(close),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    /* The last words of a C library that found the stack smashed. */
    SCMP_SYS(writev),
};

/* What may be said to only with these arguments. */
static const struct {
	int call;
	unsigned n;
	struct scmp_arg_cmp arguments[2];
} bounded_calls[] = {
    /* Of the calling thread: a task follows its pool's affinity. */
    {SCMP_SYS(sched_setaffinity), 1, {{0, SCMP_CMP_EQ, 0, 0}}},
    /* Memory for malloc(): of no file, and never to be executed. */
    {SCMP_SYS(mmap), 2,
	{{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0},
	    {3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS}}},
    {SCMP_SYS(mmap2), 2,
	{{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0},
	    {3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS}}},
    {SCMP_SYS(mprotect), 1, {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}}},
    /* abort(): the signal's action becomes the default one. */
    {SCMP_SYS(rt_sigaction), 1, {{0, SCMP_CMP_EQ, SIGABRT, 0}}},
};

static struct sock_fprog program; /* no filter: nothing to enter */

static int
add_rules(scmp_filter_ctx filter, int log_socket)
{
	/* abort() signals its own process, nobody else's. */
	const struct scmp_arg_cmp abort_itself[] = {
	    {0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0},
	    {2, SCMP_CMP_EQ, SIGABRT, 0},
	};
	/* Lines for a log that is not written but sent. */
	const struct scmp_arg_cmp to_log[] = {
	    {0, SCMP_CMP_EQ, (scmp_datum_t)log_socket, 0},
	};
	static const int sends[] = {SCMP_SYS(sendmsg), SCMP_SYS(sendto)};
	int error = 0;

	for (size_t i = 0;
	     i < sizeof(plain_calls) / sizeof(plain_calls[0]) && error == 0;
	     i++)
		error =
		    seccomp_rule_add(filter, SCMP_ACT_ALLOW, plain_calls[i], 0);
	for (size_t i = 0;
	     i < sizeof(bounded_calls) / sizeof(bounded_calls[0]) && error == 0;
	     i++)
		error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
		    bounded_calls[i].call, bounded_calls[i].n,
		    bounded_calls[i].arguments);
	if (error == 0)
		error = seccomp_rule_add_array(
		    filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 2, abort_itself);
	for (size_t i = 0; i < 2 && log_socket >= 0 && error == 0; i++)
		error = seccomp_rule_add_array(
		    filter, SCMP_ACT_ALLOW, sends[i], 1, to_log);
	return error;
}

/* Reads back what libseccomp wrote into the file. 0, or a negative errno. */
static int
take_program(int file)
{
	struct stat status;
	struct sock_filter *code;

	if (fstat(file, &status) != 0)
		return -errno;
	code = malloc((size_t)status.st_size);
	if (code == NULL)
		return -ENOMEM;
	if (pread(file, code, (size_t)status.st_size, 0) != status.st_size) {
		free(code);
		return -EIO;
	}
	free(program.filter);
	program.filter = code;
	program.len = (unsigned short)((size_t)status.st_size / sizeof(*code));
	return 0;
}

int
sandbox_prepare(int log_socket)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int file = -1, error = -ENOMEM;

	/* Else the first log line would read the time zone's file, and malloc()
	 * would look how many CPUs there are before it made an arena for a
	 * thread, and how much memory before it gave some back. */
	tzset();
	mallopt(M_ARENA_MAX, 1);
	if (filter == NULL)
		goto out;
	file = memfd_create("filter", MFD_CLOEXEC);
	if (file < 0) {
		error = -errno;
		goto out;
	}
	/* Calls of another architecture, which this machine may know too. */
	error = seccomp_attr_set(
	    filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (error == 0)
		error = add_rules(filter, log_socket);
	if (error == 0)
		error = seccomp_export_bpf(filter, file);
	if (error == 0)
		error = take_program(file);
out:
	if (file >= 0)
		close(file);
	seccomp_release(filter);
	errno = -error;
	return error == 0 ? 0 : -1;
}

bool
sandbox_is_built(void)
{
	return true;
}

int
sandbox_check(void)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return (int)syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0U, &action);
}

int
sandbox_enter(void)
{
	if (program.filter == NULL)
		return 0;
	/* The price that the kernel asks of those who are not root. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
}

#endif
