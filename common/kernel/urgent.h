/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Syscalls on BPF maps without a break.
 *
 * While a task is in one, the kernel runs no program of a kprobe, uprobe or perf tracepoint on its
 * CPU (bpf_disable_instrumentation() in kernel/bpf/syscall.c). If another task took the CPU in the
 * midst of it, all that this one does would go unseen, until the first goes on. Between the two
 * calls the reader is a real-time task, in whose place no ordinary one is put. Where that is not
 * allowed, or the process has another policy than the ordinary one, nothing changes.
 */
#ifndef SNOOPKIT_URGENT_H
#define SNOOPKIT_URGENT_H

void urgent_begin(void);
void urgent_end(void);

#endif
