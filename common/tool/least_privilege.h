/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a tool whose probes are attached gives up its privileges: it becomes another user, without
 * capabilities, and can make few syscalls. What it needs later it asks a monitor for.
 */
#ifndef SNOOPKIT_LEAST_PRIVILEGE_H
#define SNOOPKIT_LEAST_PRIVILEGE_H

#include <stdbool.h>

#include "base/error.h"
#include "tool/live.h"

/*
 * name is the tool's, for messages; is_verbose says what was given up. Tools have offered their own
 * questions to the monitor before. Returns 0, also where the kernel has no seccomp filters, or a
 * negative errno with a message.
 */
int least_privilege_begin(struct live *live, const char *name, bool is_verbose,
			  struct error *error);

/* The monitor ends. */
void least_privilege_end(void);

#endif
