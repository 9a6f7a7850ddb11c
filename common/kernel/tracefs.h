/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's tracefs (Documentation/trace/ftrace.rst), even where nobody mounted it. */
#ifndef SNOOPKIT_TRACEFS_H
#define SNOOPKIT_TRACEFS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * Returns a descriptor of tracefs's top directory, which the caller closes. Where tracefs is not
 * mounted, it is mounted in a mount namespace that no other process sees and that ends with the
 * descriptor. Errors, each with a message: -ENODEV if the kernel has no tracefs, -EACCES if this
 * process may not look into it, -EPERM if it may not mount it, and others.
 */
int tracefs_open(struct error *error);

/* Whether tracefs has a file or directory. */
bool tracefs_has(int tracefs, const char *file);

/* The number in events/CATEGORY/EVENT/id, or a negative errno. */
int tracefs_event_id(int tracefs, const char *category, const char *event);

/*
 * Appends a command, without a newline, to a file of tracefs. Returns 0 or a negative errno, which
 * is the kernel's for the command.
 */
int tracefs_write(int tracefs, const char *file, const char *line);

/* The content of a file of tracefs, which the caller frees, or NULL with errno. */
char *tracefs_read(int tracefs, const char *file);

#endif
