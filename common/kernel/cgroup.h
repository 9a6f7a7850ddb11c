/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups of the second version, the only ones that the kernel compares for a BPF program. They are
 * found where this process sees their hierarchy mounted, mostly in /sys/fs/cgroup, on systems that
 * use both versions in /sys/fs/cgroup/unified.
 */
#ifndef SNOOPKIT_CGROUP_H
#define SNOOPKIT_CGROUP_H

#include "base/error.h"

/*
 * Opens the cgroup of a directory, or of a path in the hierarchy as in /proc/PID/cgroup. Returns a
 * descriptor, which the caller closes, or a negative errno with a message.
 */
int cgroup_open(const char *path, struct error *error);

/*
 * Opens the cgroup of a container: the one with a name in which the ID, or its beginning, starts a
 * word ("docker-ID.scope", "ID"). Cgroups of conmon, which watches a container, and those below
 * a container's are left out. Returns as cgroup_open(); none or several are an error.
 */
int cgroup_open_container(const char *id, struct error *error);

#endif
