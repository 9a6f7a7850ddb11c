/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Following a process and its descendants: a map has the PIDs of those that are followed, as of the
 * initial PID namespace. The functions here add the processes that exist when the tracing begins;
 * the programs in bpfsrc/follow.bpf.h update the map from then on.
 */
#ifndef SNOOPKIT_FOLLOW_H
#define SNOOPKIT_FOLLOW_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "trace/probe.h"

/*
 * The probes for bpfsrc/follow.bpf.h; is_wanted becomes the member wanted of struct probe. Kernels
 * before 4.17 have no raw tracepoints.
 */
#define FOLLOW_PROBES(is_wanted)                                                          \
	RAW_TRACEPOINT("sched_process_exit", "on_process_exit", .wanted = is_wanted),     \
		TRACEPOINT("sched:sched_process_exit", "on_process_exit",                 \
			   .instead_of = "sched_process_exit", .wanted = is_wanted),      \
		RAW_TRACEPOINT("sched_process_fork", "on_fork_raw", .wanted = is_wanted), \
		TRACEPOINT("sched:sched_process_fork", "on_fork",                         \
			   .instead_of = "sched_process_fork", .wanted = is_wanted)

/* For kernels that may skip the program of a raw tracepoint (FAULTABLE_TRACEPOINTS). */
#define FOLLOW_BY_KPROBE(is_wanted)                                                            \
	TRACEPOINT("sched:sched_process_exit", "on_process_exit", .wanted = is_wanted),        \
		RAW_TRACEPOINT("sched_process_exit", "on_process_exit",                        \
			       .instead_of = "sched:sched_process_exit", .wanted = is_wanted), \
		KPROBE("wake_up_new_task", "on_new_task", .wanted = is_wanted),                \
		RAW_TRACEPOINT("sched_process_fork", "on_fork_raw",                            \
			       .instead_of = "wake_up_new_task", .wanted = is_wanted)

/* A row of a tool's maps: the one of bpfsrc/follow.bpf.h. */
#define FOLLOW_MAP EXPECTED_MAP("followed", HASH, uint32_t, uint32_t)

/*
 * Opens the directory in /proc of the process pid, if it can be followed; the caller closes it. The
 * directory stays that process's when another one takes its number. Returns the descriptor, or
 * -ESRCH with a message: there is no such process, it is a thread, it has ended, or its number is
 * not the one that the kernel's programs see.
 */
int follow_open(pid_t pid, struct error *error);

/* Adds one process to the map. Returns 0 or a negative errno. */
int follow_add(int map, pid_t pid);

/*
 * Adds the living descendants of root to the map. Call it after the programs are attached, which
 * add those that are forked later. Leaves out this process and its process group (tool | less),
 * whose output would be traced again and again, unless root belongs to that group. Returns 0,
 * -ENOMEM or another negative errno.
 */
int follow_descendants(int map, pid_t root);

/* Whether any thread of the process with that directory is not on its way out. */
bool follow_is_alive(int directory);

#endif
