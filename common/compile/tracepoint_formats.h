/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracefs for libbcc, which reads there what the context of a TRACEPOINT_PROBE(category, event) is
 * made of: events/CATEGORY/EVENT/format. tracefs is closed to all but root, and the compiler is not
 * root.
 */
#ifndef SNOOPKIT_TRACEPOINT_FORMATS_H
#define SNOOPKIT_TRACEPOINT_FORMATS_H

#include <stdbool.h>

/*
 * Copies the formats of the tracepoints that the source names so to the directory scratch, and
 * mounts the copies over tracefs, and over debugfs, which has it too. Does nothing if it names
 * none. Only for a process in a private mount namespace. A format that can't be copied is missing:
 * libbcc says so. So are all of a kernel that is not running.
 */
void tracepoint_formats_show(const char *source, bool is_running, const char *scratch);

#endif
