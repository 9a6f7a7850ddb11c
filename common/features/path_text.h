/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of the paths that bpfsrc/path.bpf.h stores in an event. The strings come from the traced
 * system and are not escaped. Unless a function says otherwise, the caller frees the string, and
 * NULL means that memory ran out.
 */
#ifndef SNOOPKIT_PATH_TEXT_H
#define SNOOPKIT_PATH_TEXT_H

#include <stdint.h>

#include "path_names.h"

/* The string at an offset, a part of strings; "" if there is none. */
const char *path_string(const struct strings *strings, uint32_t offset);

/*
 * The absolute path of the file. If the event does not have all names of the path, it begins with
 * ".../". If the file is outside of the task's root, it begins with the topmost name that was
 * found.
 */
char *path_whole(const struct strings *strings, const struct path_names *names);

/* The same for the mount point that the file is below; NULL also if there is none. */
char *path_mount_point(const struct strings *strings, const struct path_names *names);

/*
 * The absolute path of a name that is relative to a directory. Leading "." and ".." are resolved.
 * After another name ".." stays, because that name may be a symbolic link.
 */
char *path_join(const struct strings *strings, const struct path_names *directory,
		const char *name);

#endif
