/* SPDX-License-Identifier: Apache-2.0 */
/* --cgroup and --container. The BPF program compares: bpfsrc/cgroup_filter.bpf.h. */
#ifndef SNOOPKIT_CGROUP_FILTER_H
#define SNOOPKIT_CGROUP_FILTER_H

#include <stdbool.h>

#include "base/error.h"
#include "tool/options.h"
#include "tool/settings.h"

/*
 * Opens the cgroup that the options name, and switches the filter on. *fd becomes a descriptor,
 * which the caller closes, or -1: they name none. Returns 0 or a negative errno with a message.
 */
int cgroup_filter_open(const struct options *options, struct settings *settings, int *fd,
		       struct error *error);

/*
 * Opens what tells that the cgroup was removed: the file is polled, and read when it has changed.
 * Returns a descriptor, or -1: fd is -1, or the cgroup is the root, which stays.
 */
int cgroup_filter_open_events(int fd);
bool cgroup_filter_is_removed(int events);

/*
 * Puts the cgroup, or none if fd is -1, into the program's map; map is -1 if it has none. Returns 0
 * or a negative errno with a message.
 */
int cgroup_filter_fill(int map, int fd, struct error *error);

#endif
