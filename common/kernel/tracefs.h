/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's tracefs (Documentation/trace/ftrace.rst), mounted or not. */
#ifndef SNOOPKIT_TRACEFS_H
#define SNOOPKIT_TRACEFS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * A descriptor of tracefs' top directory, the caller's to close. Where it is not mounted it is
 * mounted in a mount namespace that nobody else sees and that ends with the descriptor.
 * Or a negative errno with a line: -ENODEV where the kernel has none, -EACCES where this process
 * may not look into it, -EPERM where it may not mount it, and others.
 */
int tracefs_open(struct error *error);

/* Whether it has that file or directory. */
bool tracefs_has(int tracefs, const char *file);

/* The number in events/CATEGORY/EVENT/id, or a negative errno. */
int tracefs_event_id(int tracefs, const char *category, const char *event);

/*
 * Appends a line (a command, without a newline) to a file of tracefs. Returns 0 or the kernel's
 * answer to the command as a negative errno.
 */
int tracefs_write(int tracefs, const char *file, const char *line);

/* The content of a file of tracefs, owned by the caller, or NULL with errno. */
char *tracefs_read(int tracefs, const char *file);

#endif
