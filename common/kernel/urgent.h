/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access to BPF maps without being preempted.
 *
 * While a task is in a syscall on a BPF map, the kernel skips the programs of kprobes, uprobes and
 * perf tracepoints on its CPU (bpf_disable_instrumentation() in kernel/bpf/syscall.c). If another
 * task preempts it there, everything that the other task does goes unseen until the first one
 * resumes. Between the two calls this process is a real-time task (SCHED_FIFO), which ordinary
 * tasks do not preempt. Nothing changes where that is not allowed, or where the process already has
 * a policy other than SCHED_OTHER.
 */
#ifndef SNOOPKIT_URGENT_H
#define SNOOPKIT_URGENT_H

/*
 * Before the monitor starts: allows this process the above also without CAP_SYS_NICE, at most this
 * one priority, the lowest (RLIMIT_RTPRIO). A process that may not raise this limit
 * (CAP_SYS_RESOURCE) will ask the monitor each time.
 */
void urgent_keep(void);

void urgent_begin(void);
void urgent_end(void);

#endif
