// SPDX-License-Identifier: Apache-2.0
/*
 * set_ids WHAT: changes its identity by syscalls, each of this thread alone, for the tests of
 * setuids. Run by root.
 *   all       each call, with numbers of its own
 *   groups    each call for groups
 *   refused   as another user, what is refused
 *   old       the calls with IDs of 16 bits (x86: int $0x80); status 77 where there are none
 *   trapped   setuid(4321), which seccomp traps, and then setuid(4322), which it refuses
 *   thread    setuid(77) by another thread, whose TID is printed
 *   many N    N times setreuid(-1, -1)
 */
#include <errno.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A 32-bit program's calls without 32 at the end take 16 bits. */
#if defined(__i386__) || defined(__arm__)
#define CALL(name) SYS_##name##32
#else
#define CALL(name) SYS_##name
#endif

#define NOT_HERE 77

static void change_users(void)
{
	syscall(CALL(setfsuid), 11);
	syscall(CALL(setfsuid), -1);
	syscall(CALL(setresuid), 12, 13, 0);
	syscall(CALL(setresuid), -1, 0, -1);
	syscall(CALL(setreuid), 14, 0);
	syscall(CALL(setuid), 15);
}

static void change_groups(void)
{
	const gid_t groups[] = { 21, 22 };

	syscall(CALL(setgroups), 2, groups);
	syscall(CALL(setfsgid), 23);
	syscall(CALL(setresgid), 24, 25, -1);
	syscall(CALL(setregid), 26, -1);
	syscall(CALL(setgid), 27);
}

static void be_refused(void)
{
	syscall(CALL(setuid), 31);
	syscall(CALL(setuid), 0);
	syscall(CALL(setfsuid), 32);
	syscall(CALL(setfsuid), 31);
	syscall(CALL(setresuid), -1, 0, -1);
	syscall(CALL(setgroups), 0, NULL);
}

#if defined(__x86_64__)
#define OLD_SETUID    23
#define OLD_SETREUID  70
#define OLD_SETRESUID 164

static void int80(long number, long first, long second, long third)
{
	asm volatile("int $0x80"
		     : "+a"(number)
		     : "b"(first), "c"(second), "d"(third)
		     : "memory", "r8", "r9", "r10", "r11");
	if (number == -ENOSYS)
		exit(NOT_HERE);
}

static void use_old_calls(void)
{
	int80(OLD_SETREUID, 0xffff, 41, 0);
	int80(OLD_SETRESUID, 0xffff, 0, 0xffff);
	int80(OLD_SETUID, 42, 0, 0);
}
#else
static void use_old_calls(void)
{
	exit(NOT_HERE);
}
#endif

static void ignore(int number)
{
	(void)number;
}

static void filter_setuid(unsigned int action)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALL(setuid), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		exit(NOT_HERE);
}

static void be_trapped(void)
{
	signal(SIGSYS, ignore);
	filter_setuid(SECCOMP_RET_TRAP);
	syscall(CALL(setuid), 4321);
	filter_setuid(SECCOMP_RET_ERRNO | EPERM);
	syscall(CALL(setuid), 4322);
	syscall(CALL(setresuid), -1, 51, -1);
}

static void *in_thread(void *unused)
{
	printf("pid %d tid %ld\n", getpid(), syscall(SYS_gettid));
	syscall(CALL(setuid), 77);
	return unused;
}

static void use_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, in_thread, NULL))
		exit(1);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int count = argc > 2 ? atoi(argv[2]) : 0;

	if (!strcmp(what, "all"))
		change_users();
	else if (!strcmp(what, "groups"))
		change_groups();
	else if (!strcmp(what, "refused"))
		be_refused();
	else if (!strcmp(what, "old"))
		use_old_calls();
	else if (!strcmp(what, "trapped"))
		be_trapped();
	else if (!strcmp(what, "thread"))
		use_thread();
	else if (!strcmp(what, "many"))
		while (count--)
			syscall(CALL(setreuid), -1, -1);
	else
		return 2;
	return 0;
}
