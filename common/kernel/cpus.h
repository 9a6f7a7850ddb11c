/* SPDX-License-Identifier: Apache-2.0 */
/* Which CPUs are online, and when that changes. */
#ifndef SNOOPKIT_CPUS_H
#define SNOOPKIT_CPUS_H

#include <stdbool.h>

/* The numbers of the CPUs that are online: how many, with *cpus for free(), or -ENOMEM. */
int cpus_online(int **cpus);

/* The first of them. Probes that run on every CPU are opened on one. */
int cpus_first_online(void);

/*
 * How many CPUs the kernel is made ready for: a map that has a value of each CPU has as many. At
 * least 1.
 */
int cpus_possible(void);

/*
 * A CPU that is switched on or off sends a uevent (drivers/base/core.c, device_online()). Suspend
 * and resume send none, but move the wall clock. Where this process may not receive uevents, a
 * timer asks for a look once a second.
 */
struct cpus_watch {
	int fd; /* readable when CPUs may have come or gone: for epoll and poll */
	int uevents;
	int clock;
	int list; /* the kernel's list of CPUs */
};

#define CPUS_NO_WATCH ((struct cpus_watch){ -1, -1, -1, -1 })

/* Returns 0 or a negative errno. */
int cpus_watch_open(struct cpus_watch *watch);

/* Whether CPUs may have come or gone since the last call. */
bool cpus_watch_has_changed(struct cpus_watch *watch);

/* The same as cpus_online(), but opens nothing. */
int cpus_watch_online(const struct cpus_watch *watch, int **cpus);

void cpus_watch_close(struct cpus_watch *watch);

#endif
