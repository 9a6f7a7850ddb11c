/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of the paths in an event, as bpfsrc/path.bpf.h put them there. Every string is the traced
 * system's own, not escaped; the caller frees it, and NULL means that there is no memory, unless
 * it says otherwise.
 */
#ifndef SNOOPKIT_PATH_TEXT_H
#define SNOOPKIT_PATH_TEXT_H

#include <stdint.h>

#include "path_names.h"

/* The string at that offset, not to be freed; an empty one where there is none. */
const char *path_string(const struct strings *strings, uint32_t offset);

/*
 * The absolute path of the file. Where more names stand above than the event has, it starts with
 * ".../". What lies outside of the task's root is given from where the way up ended.
 */
char *path_whole(const struct strings *strings, const struct path_names *names);

/* The same of the mount point that the file is below; NULL also where it is below none. */
char *path_mount_point(const struct strings *strings, const struct path_names *names);

/*
 * The absolute path of a name that is relative to that directory. "." is left out, and ".." is
 * followed as long as it leads up from the directory: behind another name, which may be a symbolic
 * link, it stays.
 */
char *path_join(const struct strings *strings, const struct path_names *directory,
		const char *name);

#endif
