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

/* clang-format off */
#define FOLLOW_PROBE(its_kind, its_target, its_program, replaced, is_wanted)                       \
	{ .kind = its_kind,                                                                        \
	  .target = its_target,                                                                    \
	  .program = its_program,                                                                  \
	  .instead_of = replaced,                                                                  \
	  .wanted = is_wanted }

/*
 * The probes for bpfsrc/follow.bpf.h; is_wanted becomes the member wanted of struct probe. Kernels
 * before 4.17 have no raw tracepoints.
 */
#define FOLLOW_PROBES(is_wanted)                                                                   \
	FOLLOW_PROBE(PROBE_RAW_TRACEPOINT, "sched_process_exit", "on_process_exit", NULL,          \
		     is_wanted),                                                                   \
	FOLLOW_PROBE(PROBE_TRACEPOINT, "sched:sched_process_exit", "on_process_exit",              \
		     "sched_process_exit", is_wanted),                                             \
	FOLLOW_PROBE(PROBE_RAW_TRACEPOINT, "sched_process_fork", "on_fork_raw", NULL, is_wanted),  \
	FOLLOW_PROBE(PROBE_TRACEPOINT, "sched:sched_process_fork", "on_fork",                      \
		     "sched_process_fork", is_wanted)

/* For kernels that may skip the program of a raw tracepoint (FAULTABLE_TRACEPOINTS). */
#define FOLLOW_BY_KPROBE(is_wanted)                                                                \
	FOLLOW_PROBE(PROBE_TRACEPOINT, "sched:sched_process_exit", "on_process_exit", NULL,        \
		     is_wanted),                                                                   \
	FOLLOW_PROBE(PROBE_RAW_TRACEPOINT, "sched_process_exit", "on_process_exit",                \
		     "sched:sched_process_exit", is_wanted),                                       \
	FOLLOW_PROBE(PROBE_KPROBE, "wake_up_new_task", "on_new_task", NULL, is_wanted),            \
	FOLLOW_PROBE(PROBE_RAW_TRACEPOINT, "sched_process_fork", "on_fork_raw",                    \
		     "wake_up_new_task", is_wanted)
/* clang-format on */

/*
 * Whether a process can be followed. Returns 0, or -ESRCH with a message: there is no such process,
 * it is a thread, it has ended, or this process is not in the initial PID namespace, so that PIDs
 * here are not those that BPF programs see.
 */
int follow_check(pid_t pid, struct error *error);

/* Adds one process to the map. Returns 0 or a negative errno. */
int follow_add(int map, pid_t pid);

/*
 * Adds the living descendants of root to the map. Call it after the programs are attached, which
 * add those that are forked later. Leaves out this process and its process group (tool | less),
 * whose output would be traced again and again, unless root belongs to that group. Returns 0,
 * -ENOMEM or another negative errno.
 */
int follow_descendants(int map, pid_t root);

/* Whether any thread of a process is not exiting. */
bool follow_is_alive(pid_t pid);

#endif
