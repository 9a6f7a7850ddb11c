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
 * Opens what tells that the cgroup was removed: a timer that is readable once a second, for nothing
 * else does. Its descriptors are -1 if fd is -1, and for the root, which stays.
 */
struct cgroup_watch {
	int timer;
	int events; /* its cgroup.events */
};

struct cgroup_watch cgroup_watch_open(int fd);
/* To be called when the timer is readable. */
bool cgroup_watch_is_removed(const struct cgroup_watch *watch);
void cgroup_watch_close(struct cgroup_watch *watch);

/*
 * Puts the cgroup, or none if fd is -1, into the program's map; map is -1 if it has none. Returns 0
 * or a negative errno with a message.
 */
int cgroup_filter_fill(int map, int fd, struct error *error);

#endif
