/* SPDX-License-Identifier: Apache-2.0 */
/* Feature tests (compile/feature_test.h) that the programs of several tools share. */
#ifndef SNOOPKIT_FEATURE_TESTS_H
#define SNOOPKIT_FEATURE_TESTS_H

#include "compile/feature_test.h"

/*
 * Faultable syscall tracepoints (7.2): a task may be preempted in the middle of a program of a raw
 * or a syscall tracepoint, and the kernel then skips that program for every other task on that CPU
 * until it resumes: half the runs were lost with 8 threads on 2 CPUs. Kprobes and other perf
 * tracepoints are not affected, nor is 6.18.
 */
#define FAULTABLE_TRACEPOINTS "HAVE_FAULTABLE_TRACEPOINTS"
#define TEST_FAULTABLE_TRACEPOINTS                                            \
	{                                                                     \
		FAULTABLE_TRACEPOINTS, "func trace_call_bpf_faultable", NULL, \
			"linux/trace_events.h"                                \
	}

/* For bpfsrc/syscall.bpf.h and caller.bpf.h: x86's registers. */
#define TEST_ORIG_AX                                                          \
	{                                                                     \
		"HAVE_ORIG_AX", "struct pt_regs", "orig_ax", "linux/ptrace.h" \
	}

/*
 * For bpfsrc/caller.bpf.h and descriptor.bpf.h: bpf_get_current_task_btf() and bpf_task_pt_regs(),
 * told by a member that came with the latter in 5.15; the enumerator in libbcc's own bpf.h would be
 * there on every kernel. A kernel without BTF has both too, and refuses programs that call them.
 */
#define TEST_TASK_REGISTERS                                                             \
	{                                                                               \
		"HAVE_TASK_REGISTERS", "struct task_struct", "bpf_ctx", "linux/sched.h" \
	}
#define TEST_CALLERS_REGISTERS TEST_ORIG_AX, TEST_TASK_REGISTERS

/* For bpfsrc/syscall.bpf.h: where x86 has the flag of a syscall through the 32-bit entry. */
#define TEST_COMPAT_FLAG                                                                \
	{ "HAVE_THREAD_INFO_STATUS", "struct thread_info", "status", "linux/sched.h" }, \
	{                                                                               \
		"HAVE_THREAD_STATUS", "struct thread_struct", "status", "linux/sched.h" \
	}

/* For bpfsrc/io_uring_write.bpf.h: since 6.0 a header declares the request. */
#define TEST_IO_REQUEST                                                               \
	{                                                                             \
		"HAVE_IO_REQUEST", "struct io_kiocb", "cmd", "linux/io_uring_types.h" \
	}

#endif
