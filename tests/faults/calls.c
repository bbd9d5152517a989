/*
 * The calls that libgildfaults.so stands before: each asks the rules, and then
 * fails, or goes on to the C library's. Run by every process of a gild.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/faults/rules.h"

/* --- the calls; each goes on to whom it stands before --- */

#define NEXT(function)                       \
	static __typeof__(&(function)) next; \
	if (next == NULL)                    \
	next = (__typeof__(&(function)))dlsym(RTLD_NEXT, #function)

/* A call of a family that fails, or is what it was. */
#define REFUSE(family, fd, path, value)                \
	do {                                           \
		if (rules_judge(family, fd, path) > 0) \
			return value;                  \
	} while (0)

pid_t
fork(void)
{
	pid_t pid;

	NEXT(fork);
	REFUSE(CALL_FORK, -1, NULL, -1);
	pid = next();
	if (pid == 0)
		rules_begin_process();
	return pid;
}

/* gild's one use of it that we want to know of has one argument. */
int
prctl(int option, ...)
{
	unsigned long arguments[4];
	va_list list;

	NEXT(prctl);
	va_start(list, option);
	for (size_t i = 0; i < 4; i++)
		arguments[i] = va_arg(list, unsigned long);
	va_end(list);
	if (option == PR_SET_NAME)
		rules_set_name((const char *)arguments[0]);
	return next(
	    option, arguments[0], arguments[1], arguments[2], arguments[3]);
}

ssize_t
read(int fd, void *buffer, size_t size)
{
	ssize_t allowed;

	NEXT(read);
	allowed = rules_allow(CALL_READ, fd, size);
	return allowed < 0 ? -1 : next(fd, buffer, (size_t)allowed);
}

ssize_t
pread(int fd, void *buffer, size_t size, off_t offset)
{
	ssize_t allowed;

	NEXT(pread);
	allowed = rules_allow(CALL_READ, fd, size);
	return allowed < 0 ? -1 : next(fd, buffer, (size_t)allowed, offset);
}

ssize_t
pread64(int fd, void *buffer, size_t size, off64_t offset)
{
	return pread(fd, buffer, size, offset);
}

ssize_t
recv(int fd, void *buffer, size_t size, int flags)
{
	ssize_t allowed;

	NEXT(recv);
	allowed = rules_allow(CALL_READ, fd, size);
	return allowed < 0 ? -1 : next(fd, buffer, (size_t)allowed, flags);
}

/* The vectors, and the messages, as their first byte: there is one. */
static struct iovec
first_byte(const struct iovec *vectors, int n)
{
	struct iovec byte = {.iov_len = 0};

	for (int i = 0; i < n && byte.iov_len == 0; i++) {
		if (vectors[i].iov_len > 0) {
			byte.iov_base = vectors[i].iov_base;
			byte.iov_len = 1;
		}
	}
	return byte;
}

ssize_t
readv(int fd, const struct iovec *vectors, int n)
{
	struct iovec byte = first_byte(vectors, n);
	int failure;

	NEXT(readv);
	failure = rules_judge(CALL_READ, fd, NULL);
	if (failure > 0)
		return -1;
	return failure == FAIL_SHORT ? next(fd, &byte, 1)
				     : next(fd, vectors, n);
}

/* A message is received as a whole, or not at all. */
ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	NEXT(recvmsg);
	REFUSE(CALL_READ, fd, NULL, -1);
	return next(fd, message, flags);
}

ssize_t
write(int fd, const void *bytes, size_t size)
{
	ssize_t allowed;

	NEXT(write);
	allowed = rules_allow(CALL_WRITE, fd, size);
	return allowed < 0 ? -1 : next(fd, bytes, (size_t)allowed);
}

ssize_t
pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
	ssize_t allowed;

	NEXT(pwrite);
	allowed = rules_allow(CALL_WRITE, fd, size);
	return allowed < 0 ? -1 : next(fd, bytes, (size_t)allowed, offset);
}

ssize_t
pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
	return pwrite(fd, bytes, size, offset);
}

ssize_t
writev(int fd, const struct iovec *vectors, int n)
{
	struct iovec byte = first_byte(vectors, n);
	int failure;

	NEXT(writev);
	failure = rules_judge(CALL_WRITE, fd, NULL);
	if (failure > 0)
		return -1;
	return failure == FAIL_SHORT ? next(fd, &byte, 1)
				     : next(fd, vectors, n);
}

ssize_t
send(int fd, const void *bytes, size_t size, int flags)
{
	NEXT(send);
	REFUSE(CALL_WRITE, fd, NULL, -1);
	return next(fd, bytes, size, flags);
}

ssize_t
sendto(int fd, const void *bytes, size_t size, int flags,
    const struct sockaddr *address, socklen_t length)
{
	NEXT(sendto);
	REFUSE(CALL_WRITE, fd, NULL, -1);
	return next(fd, bytes, size, flags, address, length);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	NEXT(sendmsg);
	REFUSE(CALL_WRITE, fd, NULL, -1);
	return next(fd, message, flags);
}

void *
mmap(
    void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	NEXT(mmap);
	REFUSE(CALL_MMAP, fd, NULL, MAP_FAILED);
	return next(address, size, protection, flags, fd, offset);
}

void *
mmap64(void *address, size_t size, int protection, int flags, int fd,
    off64_t offset)
{
	return mmap(address, size, protection, flags, fd, offset);
}

int
accept(int fd, struct sockaddr *address, socklen_t *length)
{
	NEXT(accept);
	REFUSE(CALL_ACCEPT, fd, NULL, -1);
	return next(fd, address, length);
}

int
accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
	NEXT(accept4);
	REFUSE(CALL_ACCEPT, fd, NULL, -1);
	return next(fd, address, length, flags);
}

int
fsync(int fd)
{
	NEXT(fsync);
	REFUSE(CALL_FSYNC, fd, NULL, -1);
	return next(fd);
}

int
fdatasync(int fd)
{
	NEXT(fdatasync);
	REFUSE(CALL_FSYNC, fd, NULL, -1);
	return next(fd);
}

int
ftruncate(int fd, off_t size)
{
	NEXT(ftruncate);
	REFUSE(CALL_FTRUNCATE, fd, NULL, -1);
	return next(fd, size);
}

int
ftruncate64(int fd, off64_t size)
{
	return ftruncate(fd, size);
}

/* The mode, where one was given. */
#define MODE(flags)                                     \
	mode_t mode = 0;                                \
	if (((flags) & (O_CREAT | __O_TMPFILE)) != 0) { \
		va_list list;                           \
		va_start(list, flags);                  \
		mode = va_arg(list, mode_t);            \
		va_end(list);                           \
	}

int
open(const char *path, int flags, ...)
{
	MODE(flags);
	NEXT(open);
	REFUSE(CALL_OPEN, -1, path, -1);
	return next(path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	MODE(flags);
	return open(path, flags, mode);
}

int
openat(int folder, const char *path, int flags, ...)
{
	MODE(flags);
	NEXT(openat);
	REFUSE(CALL_OPEN, -1, path, -1);
	return next(folder, path, flags, mode);
}

/* --- what makes a descriptor of nothing --- */

int
pipe2(int fds[2], int flags)
{
	NEXT(pipe2);
	REFUSE(CALL_DESCRIPTOR, -1, NULL, -1);
	return next(fds, flags);
}

int
socket(int domain, int type, int protocol)
{
	NEXT(socket);
	REFUSE(CALL_DESCRIPTOR, -1, NULL, -1);
	return next(domain, type, protocol);
}

int
socketpair(int domain, int type, int protocol, int fds[2])
{
	NEXT(socketpair);
	REFUSE(CALL_DESCRIPTOR, -1, NULL, -1);
	return next(domain, type, protocol, fds);
}

int
eventfd(unsigned count, int flags)
{
	NEXT(eventfd);
	REFUSE(CALL_DESCRIPTOR, -1, NULL, -1);
	return next(count, flags);
}

int
epoll_create1(int flags)
{
	NEXT(epoll_create1);
	REFUSE(CALL_DESCRIPTOR, -1, NULL, -1);
	return next(flags);
}

int
memfd_create(const char *title, unsigned flags)
{
	NEXT(memfd_create);
	REFUSE(CALL_DESCRIPTOR, -1, NULL, -1);
	return next(title, flags);
}

/* --- waiting --- */

int
poll(struct pollfd *fds, nfds_t n, int timeout)
{
	NEXT(poll);
	REFUSE(CALL_WAIT, -1, NULL, -1);
	return next(fds, n, timeout);
}

int
epoll_wait(int epoll, struct epoll_event *events, int n, int timeout)
{
	NEXT(epoll_wait);
	REFUSE(CALL_WAIT, -1, NULL, -1);
	return next(epoll, events, n, timeout);
}

/* --- memory: the C library's own names for it, since dlsym() allocates --- */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

void *
malloc(size_t size)
{
	REFUSE(CALL_MALLOC, -1, NULL, NULL);
	return __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	REFUSE(CALL_MALLOC, -1, NULL, NULL);
	return __libc_calloc(n, size);
}

void *
realloc(void *memory, size_t size)
{
	REFUSE(CALL_MALLOC, -1, NULL, NULL);
	return __libc_realloc(memory, size);
}
