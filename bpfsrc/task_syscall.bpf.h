/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The number of the syscall that the current task is in, asked from anywhere: its registers are at
 * the top of its kernel stack. Needs syscall.bpf.h, trusted.bpf.h, TEST_TASK_REGISTERS,
 * TEST_FRED. Guard each call with a parameter.
 */
#define NO_SYSCALL (-1)

/* include/linux/sched.h: a task of the kernel, a thread of io_uring */
#define KERNEL_THREAD	0x00200000
#define IO_URING_WORKER 0x00000010
#define NO_USER_THREAD	(KERNEL_THREAD | IO_URING_WORKER)

/* BPF_FUNC_task_pt_regs, since 5.15 */
static u64 (*registers_of_task)(struct task_struct *task) = (void *)175;

/*
 * BTF has no macros. The kernel's stack has 16 kB, unless it is built with KASAN, and at least one
 * page, of which arm64's may have 64 kB.
 */
#ifndef THREAD_SIZE
#define THREAD_SIZE (PAGE_SIZE > 16384 ? PAGE_SIZE : 16384)
#endif

/* A kernel that is built for FRED leaves room above them: TOP_OF_KERNEL_STACK_PADDING. */
#ifdef HAVE_FRED
#define ROOM_ABOVE_REGISTERS 16
#else
#define ROOM_ABOVE_REGISTERS 0
#endif

static __always_inline struct pt_regs *my_registers(void)
{
	struct task_struct *task = my_task();

#ifdef HAVE_TASK_REGISTERS
	if (PARAM(PARAM_BTF))
		return (struct pt_regs *)registers_of_task(my_trusted_task());
#endif
	return (struct pt_regs *)((char *)READ(task->stack) + THREAD_SIZE - ROOM_ABOVE_REGISTERS) -
	       1;
}

/* NO_SYSCALL where it is in none, as in a page fault. */
static __always_inline int my_syscall(void)
{
#ifdef SYSCALL_NUMBER
	struct pt_regs *registers;
	int number;

	if (READ(my_task()->flags) & NO_USER_THREAD)
		return NO_SYSCALL;
	registers = my_registers();
	number = READ(registers->SYSCALL_NUMBER);
	return number < 0 ? NO_SYSCALL : number;
#else
	return NO_SYSCALL;
#endif
}
