/*
 * The fault of gild_tripping, a gild for tests: an executor that is given a
 * task of FAULT_COUNT turns makes a system call that its filter forbids.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/fault.h"
#include "tests/e2e/tripping.h"

void
fault_at_task(uint64_t count)
{
	if (count == FAULT_COUNT)
		close(socket(AF_INET, SOCK_STREAM, 0));
}
