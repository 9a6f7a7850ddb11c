/* SPDX-License-Identifier: Apache-2.0 */
/* Feature tests (compile/feature_test.h) that several tools share. */
#ifndef SNOOPKIT_FEATURE_TESTS_H
#define SNOOPKIT_FEATURE_TESTS_H

#include "compile/feature_test.h"

/*
 * Faultable syscall tracepoints (7.2): a task can be preempted while it runs the program of a raw
 * tracepoint or a syscall tracepoint. Until this task resumes, the kernel skips the program for
 * every other task on that CPU: half the runs were lost with 8 threads on 2 CPUs. Kprobes and other
 * perf tracepoints are not affected, nor is 6.18.
 */
#define FAULTABLE_TRACEPOINTS "HAVE_FAULTABLE_TRACEPOINTS"
#define TEST_FAULTABLE_TRACEPOINTS                                            \
	{                                                                     \
		FAULTABLE_TRACEPOINTS, "func trace_call_bpf_faultable", NULL, \
			"linux/trace_events.h"                                \
	}

/* For bpfsrc/syscall.bpf.h: pt_regs has x86's registers. */
#define TEST_ORIG_AX                                                        \
	{                                                                   \
		"HAVE_ORIG_AX", "struct pt_regs", "orig_ax", "asm/ptrace.h" \
	}

/* For bpfsrc/syscall.bpf.h, besides: arm64's registers, and where the mark of a 32-bit syscall is.
 */
#define TEST_COMPAT_SYSCALLS                                                 \
	{ "HAVE_SYSCALLNO", "struct pt_regs", "syscallno", "asm/ptrace.h" }, \
		{ "HAVE_THREAD_INFO_STATUS", "struct thread_info", "status", \
		  "linux/sched.h asm/thread_info.h" },                       \
	{                                                                    \
		"HAVE_THREAD_STATUS", "struct thread_struct", "status",      \
			"linux/sched.h asm/processor.h"                      \
	}

/*
 * For bpfsrc/descriptor.bpf.h: the kernel has bpf_get_current_task_btf() and
 * bpf_task_pt_regs(). The test looks for a member that came with the latter in 5.15, because
 * libbcc's own bpf.h has the helpers' enumerators on every kernel. A kernel without BTF has both
 * helpers too, but refuses programs that call them.
 */
#define TEST_TASK_REGISTERS                                                             \
	{                                                                               \
		"HAVE_TASK_REGISTERS", "struct task_struct", "bpf_ctx", "linux/sched.h" \
	}
#define TEST_CALLERS_REGISTERS TEST_ORIG_AX, TEST_TASK_REGISTERS

/* For bpfsrc/task_syscall.bpf.h: CONFIG_X86_FRED (since 6.9), of which this type tells in BTF. */
#define TEST_FRED                                                      \
	{                                                              \
		"HAVE_FRED", "struct fred_frame", "info", "asm/fred.h" \
	}

/* For bpfsrc/login.bpf.h: a kernel without CONFIG_AUDIT does not know who logged in. */
#define TEST_LOGINUID                                                              \
	{                                                                          \
		"HAVE_LOGINUID", "struct task_struct", "loginuid", "linux/sched.h" \
	}

/* For bpfsrc/io_uring_write.bpf.h and open_exit.bpf.h: since 6.0 a header declares the request. */
#define TEST_IO_REQUEST                                                               \
	{                                                                             \
		"HAVE_IO_REQUEST", "struct io_kiocb", "cmd", "linux/io_uring_types.h" \
	}

#endif
