// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/syscall_filter.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define FOREIGN_BIT  0x40000000 /* __X32_SYSCALL_BIT: the same calls by other numbers */
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define FOREIGN_BIT  0x40000000
#else
#error "the name of this architecture in seccomp filters is not known"
#endif

/* Newer than the headers of old distributions. */
#define NEW_PIDFD_SEND_SIGNAL 424
#define NEW_IO_URING_SETUP    425
#define NEW_OPEN_TREE	      428
#define NEW_MOVE_MOUNT	      429
#define NEW_FSOPEN	      430
#define NEW_FSMOUNT	      432
#define NEW_CLONE3	      435
#define NEW_OPENAT2	      437
#define NEW_PIDFD_GETFD	      438
#define NEW_MOUNT_SETATTR     442

/* The terminal's requests in glibc since 2.42: asm-generic/ioctls.h. */
#define NEW_TCGETS2	   _IOC(_IOC_READ, 'T', 0x2a, 44)
#define NEW_TCSETS2	   _IOC(_IOC_WRITE, 'T', 0x2b, 44)
#define TERMINAL_GET	   0x5401 /* TCGETS */
#define TERMINAL_SET	   0x5402 /* TCSETS */
#define TERMINAL_SET_LATER 0x5403 /* TCSETSW */
#define TERMINAL_FLUSH	   0x540b /* TCFLSH */
#define TERMINAL_GROUP	   0x540f /* TIOCGPGRP */

/* A call that the rule is about: any, or only some, by the low 32 bits of one argument. */
enum condition { ANY, EQUALS, HAS_A_BIT, HAS_NO_BIT, IS_NULL };

struct rule {
	int number; /* of the syscall */
	enum condition condition;
	unsigned int argument;
	uint32_t value;
};

#define CALL(name)                     \
	{                              \
		__NR_##name, ANY, 0, 0 \
	}
#define CALL_IF(name, ...)               \
	{                                \
		__NR_##name, __VA_ARGS__ \
	}
#define END_OF_RULES          \
	{                     \
		-1, ANY, 0, 0 \
	}

static const struct rule tracing_rules[] = {
#ifdef __NR_poll
	CALL(poll),
#endif
#ifdef __NR_epoll_wait
	CALL(epoll_wait),
#endif
	CALL(ppoll),
	CALL(epoll_pwait),
	CALL_IF(bpf, EQUALS, 0, BPF_MAP_LOOKUP_ELEM),
	CALL_IF(bpf, EQUALS, 0, BPF_MAP_UPDATE_ELEM),
	CALL_IF(bpf, EQUALS, 0, BPF_PROG_TEST_RUN),
	CALL(write),
	CALL(read),
	CALL(sched_getscheduler),
	CALL_IF(sched_setscheduler, EQUALS, 1, SCHED_OTHER),
	CALL_IF(sched_setscheduler, EQUALS, 1, SCHED_FIFO),
	CALL_IF(bpf, EQUALS, 0, BPF_MAP_GET_NEXT_KEY),
	CALL_IF(bpf, EQUALS, 0, BPF_MAP_DELETE_ELEM),
	CALL_IF(bpf, EQUALS, 0, BPF_OBJ_GET_INFO_BY_FD),
	/* Only on what is connected. */
	CALL_IF(sendto, IS_NULL, 4, 0),
	/* How many packets a packet socket has dropped. */
	CALL_IF(getsockopt, EQUALS, 1, SOL_PACKET),
	CALL(recvfrom),
	CALL(recvmsg),
	/* Memory, never to be executed. */
	CALL(brk),
	CALL_IF(mmap, HAS_NO_BIT, 2, PROT_EXEC),
	CALL_IF(mprotect, HAS_NO_BIT, 2, PROT_EXEC),
	CALL(mremap),
	CALL(munmap),
	CALL(madvise),
	CALL(sysinfo),
	CALL(getrandom),
	/* Time. */
	CALL(clock_gettime),
	CALL(gettimeofday),
#ifdef __NR_time
	CALL(time),
#endif
	CALL(clock_nanosleep),
	CALL(nanosleep),
	CALL(timerfd_settime),
	/* Descriptors that are open. */
	CALL(writev),
	CALL(pread64),
	CALL(lseek),
	CALL(fstat),
#ifdef __NR_newfstatat
	CALL_IF(newfstatat, EQUALS, 3, AT_EMPTY_PATH),
#endif
	CALL(close),
	CALL(epoll_ctl),
	CALL_IF(ioctl, EQUALS, 1, PERF_EVENT_IOC_ENABLE),
	CALL_IF(ioctl, EQUALS, 1, PERF_EVENT_IOC_SET_OUTPUT),
	CALL_IF(ioctl, EQUALS, 1, TERMINAL_GET),
	CALL_IF(ioctl, EQUALS, 1, TERMINAL_SET),
	CALL_IF(ioctl, EQUALS, 1, TERMINAL_SET_LATER),
	CALL_IF(ioctl, EQUALS, 1, TERMINAL_FLUSH),
	CALL_IF(ioctl, EQUALS, 1, TERMINAL_GROUP),
	CALL_IF(ioctl, EQUALS, 1, NEW_TCGETS2),
	CALL_IF(ioctl, EQUALS, 1, NEW_TCSETS2),
	/* This process, its children and its end. */
	CALL(futex),
	CALL(getpid),
	CALL(gettid),
	CALL(getpgid),
#ifdef __NR_getpgrp
	CALL(getpgrp),
#endif
	CALL(sched_yield),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(restart_syscall),
	CALL(wait4),
	CALL(waitid),
	CALL(exit),
	CALL(exit_group),
	END_OF_RULES,
};

/* What neither the monitor nor the compiler ever does. */
#define REFUSED_ALWAYS                                                                           \
	CALL(execve), CALL(execveat), CALL(ptrace), CALL(process_vm_readv),                      \
		CALL(process_vm_writev), CALL(mount), CALL(umount2), CALL(pivot_root),           \
		CALL(chroot), CALL(unshare), CALL(setns), CALL(open_by_handle_at),               \
		CALL(init_module), CALL(finit_module), CALL(delete_module), CALL(kexec_load),    \
		CALL(kexec_file_load), CALL(reboot), CALL(swapon), CALL(swapoff), CALL(add_key), \
		CALL(request_key), CALL(keyctl), CALL(acct), CALL(quotactl), CALL(sethostname),  \
		CALL(setdomainname), CALL(settimeofday), CALL(clock_settime), CALL(userfaultfd), \
		CALL(kill), CALL(tkill), { NEW_PIDFD_SEND_SIGNAL, ANY, 0, 0 },                   \
		{ NEW_PIDFD_GETFD, ANY, 0, 0 }, { NEW_IO_URING_SETUP, ANY, 0, 0 },               \
		{ NEW_OPEN_TREE, ANY, 0, 0 }, { NEW_MOVE_MOUNT, ANY, 0, 0 },                     \
		{ NEW_FSOPEN, ANY, 0, 0 }, { NEW_FSMOUNT, ANY, 0, 0 },                           \
	{                                                                                        \
		NEW_MOUNT_SETATTR, ANY, 0, 0                                                     \
	}

static const struct rule monitor_rules[] = { REFUSED_ALWAYS, END_OF_RULES };

#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

static const struct rule compiler_rules[] = {
	REFUSED_ALWAYS,
	CALL_IF(openat, HAS_A_BIT, 2, WRITING),
	{ NEW_OPENAT2, ANY, 0, 0 },
#ifdef __NR_open
	CALL_IF(open, HAS_A_BIT, 1, WRITING),
	CALL(creat),
	CALL(rename),
	CALL(unlink),
	CALL(mkdir),
	CALL(rmdir),
	CALL(link),
	CALL(symlink),
	CALL(mknod),
	CALL(chmod),
	CALL(chown),
	CALL(lchown),
	CALL(utime),
	CALL(utimes),
	CALL(futimesat),
	CALL(fork),
	CALL(vfork),
#endif
#ifdef __NR_renameat
	CALL(renameat),
#endif
	CALL(renameat2),
	CALL(unlinkat),
	CALL(mkdirat),
	CALL(linkat),
	CALL(symlinkat),
	CALL(mknodat),
	CALL(fchmodat),
	CALL(fchownat),
	CALL(truncate),
	CALL(utimensat),
	CALL(setxattr),
	CALL(lsetxattr),
	CALL(removexattr),
	CALL(lremovexattr),
	CALL(socket),
	CALL(socketpair),
	/* Threads are made with CLONE_THREAD, and LLVM may make some. */
	CALL_IF(clone, HAS_NO_BIT, 0, CLONE_THREAD),
	CALL(perf_event_open),
	CALL_IF(bpf, EQUALS, 0, BPF_PROG_LOAD),
	CALL_IF(bpf, EQUALS, 0, BPF_OBJ_PIN),
	CALL_IF(bpf, EQUALS, 0, BPF_OBJ_GET),
	CALL_IF(bpf, EQUALS, 0, BPF_PROG_ATTACH),
	CALL_IF(bpf, EQUALS, 0, BPF_PROG_GET_FD_BY_ID),
	CALL_IF(bpf, EQUALS, 0, BPF_MAP_GET_FD_BY_ID),
	CALL_IF(bpf, EQUALS, 0, BPF_RAW_TRACEPOINT_OPEN),
	END_OF_RULES,
};

/* ---- rules -> instructions ---- */

#define MOST_INSTRUCTIONS 512
#define MOST_RULES	  128

/* A rule about one call comes before another about the same call, as in their tables. */
struct rules {
	const struct rule *sorted[MOST_RULES]; /* by the call's number */
	size_t count;
};

static void put_rule(struct rules *rules, const struct rule *rule)
{
	size_t i = rules->count++;

	assert(i < MOST_RULES);
	for (; i && rules->sorted[i - 1]->number > rule->number; i--)
		rules->sorted[i] = rules->sorted[i - 1];
	rules->sorted[i] = rule;
}

static void put_rules(struct rules *rules, const struct rule *table)
{
	for (; table->number >= 0; table++)
		put_rule(rules, table);
}

struct code {
	struct sock_filter instructions[MOST_INSTRUCTIONS];
	unsigned short count;
	uint32_t action;    /* for a call that a rule is about */
	uint32_t otherwise; /* for all others */
};

static void add(struct code *code, struct sock_filter instruction)
{
	assert(code->count < MOST_INSTRUCTIONS);
	code->instructions[code->count++] = instruction;
}

static void add_load(struct code *code, size_t offset)
{
	add(code, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* Goes on behind so many instructions, by whether the loaded word is as it says. */
static void add_jump(struct code *code, uint16_t comparison, uint32_t value, uint8_t yes,
		     uint8_t no)
{
	add(code, (struct sock_filter)BPF_JUMP(BPF_JMP | comparison | BPF_K, value, yes, no));
}

static void add_return(struct code *code, uint32_t action)
{
	add(code, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* How far a jump that was added at that place has to go to get here. */
static uint8_t distance(const struct code *code, unsigned short place)
{
	unsigned int instructions = code->count - place - 1U;

	assert(instructions <= UINT8_MAX);
	return (uint8_t)instructions;
}

#define NUMBER	       offsetof(struct seccomp_data, nr)
#define LOW_WORD(n)    (offsetof(struct seccomp_data, args) + 8 * (n))
#define HIGH_WORD(n)   (LOW_WORD(n) + 4)
#define REFUSE(number) (SECCOMP_RET_ERRNO | (number))

/* Both machines are little-endian. */
static void add_condition(struct code *code, const struct rule *rule)
{
	bool none = rule->condition == HAS_NO_BIT;

	add_load(code, LOW_WORD(rule->argument));
	if (rule->condition == IS_NULL) {
		add_jump(code, BPF_JEQ, 0, 0, 3);
		add_load(code, HIGH_WORD(rule->argument));
		add_jump(code, BPF_JEQ, 0, 0, 1);
	} else if (rule->condition == EQUALS) {
		add_jump(code, BPF_JEQ, rule->value, 0, 1);
	} else {
		add_jump(code, BPF_JSET, rule->value, none, !none);
	}
	add_return(code, code->action);
}

/* Rules about the same call. If it is another one, the next instruction decides. */
static void add_call(struct code *code, const struct rule *const *rules, size_t count)
{
	unsigned short place = code->count;
	size_t i;

	add_jump(code, BPF_JEQ, (uint32_t)rules[0]->number, 0, 0);
	for (i = 0; i < count && rules[i]->condition != ANY; i++)
		add_condition(code, rules[i]);
	add_return(code, i < count ? code->action : code->otherwise);
	code->instructions[place].jf = distance(code, place);
}

/* How many of the first rules are about the same call. */
static size_t same_call(const struct rule *const *rules, size_t count)
{
	size_t i = 1;

	while (i < count && rules[i]->number == rules[0]->number)
		i++;
	return i;
}

#define FEW 4 /* calls that are compared one by one */

/*
 * By halves: when a filter is set, the kernel itself goes through it for each call that there is,
 * to know those that are always allowed.
 */
static void add_search(struct code *code, const struct rule *const *rules, size_t count)
{
	unsigned short place = code->count;
	size_t half = count / 2, same;

	while (half && half < count && rules[half]->number == rules[half - 1]->number)
		half++;
	if (count > FEW && half < count) {
		add_jump(code, BPF_JGE, (uint32_t)rules[half]->number, 0, 0);
		add_search(code, rules, half);
		code->instructions[place].jt = distance(code, place);
		add_search(code, rules + half, count - half);
		return;
	}
	for (; count; rules += same, count -= same) {
		same = same_call(rules, count);
		add_call(code, rules, same);
	}
	add_return(code, code->otherwise);
}

/* Calls of another architecture have other numbers: they are all refused. */
static void begin(struct code *code)
{
	add_load(code, offsetof(struct seccomp_data, arch));
	add_jump(code, BPF_JEQ, ARCHITECTURE, 1, 0);
	add_return(code, REFUSE(EPERM));
	add_load(code, NUMBER);
	add_jump(code, BPF_JGE, FOREIGN_BIT, 0, 1);
	add_return(code, REFUSE(EPERM));
	/* glibc then makes threads with clone(2), whose flags a filter can see. */
	add_jump(code, BPF_JEQ, NEW_CLONE3, 0, 1);
	add_return(code, REFUSE(ENOSYS));
}

/*
 * SPEC_ALLOW (4.17): otherwise kernels before 5.16 switch off speculation for this process, which
 * makes it slower.
 */
static int install(const struct code *code)
{
	const struct sock_fprog program = { .len = code->count,
					    .filter = (struct sock_filter *)code->instructions };

	if (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		     &program) ||
	    !syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		return 0;
	return -errno;
}

bool syscall_filter_is_available(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return false;
#else
	/* Without a program there is nothing to set: EFAULT where there are filters. */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) && errno == EFAULT;
#endif
}

int syscall_filter_set(enum syscall_filter filter)
{
	const struct rule own_signals = CALL_IF(tgkill, EQUALS, 0, (uint32_t)getpid());
	const struct rule answer = CALL(sendmsg);
	bool is_list_of_allowed = filter == FILTER_TRACING || filter == FILTER_HELPER;
	struct code code = { .action = REFUSE(EPERM), .otherwise = SECCOMP_RET_ALLOW };
	struct rules rules = {};

#if defined(__SANITIZE_ADDRESS__)
	return -ENOTSUP;
#endif
	if (is_list_of_allowed) {
		code.action = SECCOMP_RET_ALLOW;
		code.otherwise = REFUSE(EPERM);
		put_rules(&rules, tracing_rules);
		put_rule(&rules, &own_signals);
	} else {
		put_rules(&rules, filter == FILTER_MONITOR ? monitor_rules : compiler_rules);
	}
	if (filter == FILTER_HELPER)
		put_rule(&rules, &answer);
	begin(&code);
	if (filter == FILTER_COMPILER) {
		add_jump(&code, BPF_JEQ, __NR_geteuid, 0, 1);
		add_return(&code, REFUSE(0));
	}
	add_search(&code, rules.sorted, rules.count);
	return install(&code);
}
