// SPDX-License-Identifier: Apache-2.0
/*
 * intruder PID: has a process that sleeps in a syscall make others, as whoever took it over would,
 * by ptrace(2). Prints "ATTEMPT refused" or "ATTEMPT allowed" for each, and nothing if it can't.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#if defined(__x86_64__)
#define SYSCALL_INSTRUCTION 0x050f
#define INSTRUCTION_SIZE    2
#define X32_BIT		    0x40000000

struct attempt {
	const char *name;
	unsigned long number;
	unsigned long arguments[6];
};

/* What an argument points to plays no part: a filter is asked first. */
static const struct attempt attempts[] = {
	{ "open", SYS_openat, { (unsigned long)AT_FDCWD, 0, O_RDONLY } },
	{ "open by the old call", SYS_open, { 0, O_RDONLY } },
	{ "open by x32", X32_BIT | SYS_openat, { (unsigned long)AT_FDCWD, 0, O_RDONLY } },
	{ "process", SYS_clone, { SIGCHLD } },
	{ "exec", SYS_execve, {} },
	{ "socket", SYS_socket, { 1, 1, 0 } },
	{ "bpf-program", SYS_bpf, { BPF_PROG_LOAD } },
	{ "bpf-map", SYS_bpf, { BPF_MAP_CREATE } },
	{ "kill", SYS_kill, { 1, 0 } },
	{ "ptrace", SYS_ptrace, { PTRACE_TRACEME } },
	{ "memory of others", SYS_process_vm_readv, { 1 } },
	{ "executable memory",
	  SYS_mmap,
	  { 0, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, ~0UL } },
	{ "user", SYS_setresuid, { 0, 0, 0 } },
	{ "namespace", SYS_unshare, { CLONE_NEWUSER } },
	{ "mount", SYS_mount, {} },
	{ "module", SYS_init_module, {} },
	{ "limits", SYS_prlimit64, {} },
	{},
};

/* Makes the call; *result becomes what the kernel returned. False: it did not come to that. */
static int make_call(pid_t pid, const struct user_regs_struct *before,
		     const struct attempt *attempt, long *result)
{
	struct user_regs_struct registers = *before;
	int status;

	registers.rip -= INSTRUCTION_SIZE;
	registers.orig_rax = (unsigned long long)-1; /* nothing to restart */
	registers.rax = attempt->number;
	registers.rdi = attempt->arguments[0];
	registers.rsi = attempt->arguments[1];
	registers.rdx = attempt->arguments[2];
	registers.r10 = attempt->arguments[3];
	registers.r8 = attempt->arguments[4];
	registers.r9 = attempt->arguments[5];
	if (ptrace(PTRACE_SETREGS, pid, NULL, &registers) ||
	    ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid ||
	    !WIFSTOPPED(status) || ptrace(PTRACE_GETREGS, pid, NULL, &registers))
		return 0;
	*result = (long)registers.rax;
	return 1;
}

static int intrude(pid_t pid, const struct user_regs_struct *before)
{
	const struct attempt control = { "none", SYS_getpid, {} }, *attempt;
	long result;

	if (!make_call(pid, before, &control, &result) || result != pid)
		return 1;
	for (attempt = attempts; attempt->name; attempt++) {
		if (!make_call(pid, before, attempt, &result))
			return 1;
		printf("%s %s\n", attempt->name, result == -EPERM ? "refused" : "allowed");
	}
	return ptrace(PTRACE_SETREGS, pid, NULL, before) != 0;
}

int main(int argc, char **argv)
{
	struct user_regs_struct registers;
	int status, failed = 1;
	pid_t pid = argc == 2 ? atoi(argv[1]) : 0;

	if (!pid || ptrace(PTRACE_ATTACH, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid)
		return 1;
	if (!ptrace(PTRACE_GETREGS, pid, NULL, &registers) &&
	    (ptrace(PTRACE_PEEKTEXT, pid, (void *)(registers.rip - INSTRUCTION_SIZE), NULL) &
	     0xffff) == SYSCALL_INSTRUCTION)
		failed = intrude(pid, &registers);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return failed;
}
#else
int main(void)
{
	return 1;
}
#endif
