/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes to follow when the tracing begins; from then on the programs in bpfsrc/follow.bpf.h
 * keep the map, whose keys are PIDs as the kernel's first PID namespace has them.
 */
#ifndef SNOOPKIT_FOLLOW_H
#define SNOOPKIT_FOLLOW_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "trace/probe.h"

/*
 * The probes for bpfsrc/follow.bpf.h; is_wanted is a struct probe's. Before 4.17 there are no raw
 * tracepoints.
 */
#define FOLLOW_PROBES(is_wanted)                                                          \
	RAW_TRACEPOINT("sched_process_exit", "on_process_exit", .wanted = is_wanted),     \
		TRACEPOINT("sched:sched_process_exit", "on_process_exit",                 \
			   .instead_of = "sched_process_exit", .wanted = is_wanted),      \
		RAW_TRACEPOINT("sched_process_fork", "on_fork_raw", .wanted = is_wanted), \
		TRACEPOINT("sched:sched_process_fork", "on_fork",                         \
			   .instead_of = "sched_process_fork", .wanted = is_wanted)

/* Where a raw tracepoint's program may be skipped (FAULTABLE_TRACEPOINTS). */
#define FOLLOW_BY_KPROBE(is_wanted)                                                            \
	TRACEPOINT("sched:sched_process_exit", "on_process_exit", .wanted = is_wanted),        \
		RAW_TRACEPOINT("sched_process_exit", "on_process_exit",                        \
			       .instead_of = "sched:sched_process_exit", .wanted = is_wanted), \
		KPROBE("wake_up_new_task", "on_new_task", .wanted = is_wanted),                \
		RAW_TRACEPOINT("sched_process_fork", "on_fork_raw",                            \
			       .instead_of = "wake_up_new_task", .wanted = is_wanted)

/*
 * Opens the directory in /proc of the process pid, if it can be followed; the caller closes it. The
 * directory stays that process's when another one takes its number. Returns the descriptor, or
 * -ESRCH with a message: there is no such process, it is a thread, it has ended, or its number is
 * not the one that the kernel's programs see.
 */
int follow_open(pid_t pid, struct error *error);

/* Puts one process into the map. Returns 0 or a negative errno. */
int follow_add(int map, pid_t pid);

/*
 * Puts the descendants of root that live now into the map, once the programs are attached: those
 * that come later the programs see. This process is left out, and so is the job it belongs to
 * (tool | less), whose output would come back to it, unless root belongs to that too. -ENOMEM, or
 * another negative errno.
 */
int follow_descendants(int map, pid_t root);

/* Whether any thread of the process with that directory is not on its way out. */
bool follow_is_alive(int directory);

#endif
