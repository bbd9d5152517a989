/*
 * No fault: what is linked unless a test brings its own. Alone in this file, so
 * that the linker can leave it out.
 */
#include "daemon/fault.h"

void
fault_at_task(uint64_t count)
{
	(void)count;
}
