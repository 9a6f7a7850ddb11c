// SPDX-License-Identifier: Apache-2.0
/*
 * A tool that was taken over: at its first event, where a tool formats what it prints, it tries
 * what an intruder would. It prints "ATTEMPT refused" or "ATTEMPT allowed" for each.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "kernel/monitor.h"
#include "tool/tool.h"

extern const struct program_source execsnoop_source;

#define X32_BIT	     0x40000000
#define NEW_IO_URING 425 /* io_uring_setup(2) */

/* Each returns a negative number if it was refused. */

static long open_to_read(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static long open_to_write(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY);
}

static long open_in_proc(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDWR);
}

static long remove_file(void)
{
	return syscall(SYS_unlinkat, AT_FDCWD, "/tmp", 0) && errno == EPERM ? -1 : 0;
}

static long make_process(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return pid;
}

static long execute(void)
{
	const char *const arguments[] = { "/nonexistent", NULL };

	/* Allowed, it fails with ENOENT. */
	return syscall(SYS_execve, arguments[0], arguments, arguments + 1) && errno == EPERM ? -1 :
											       0;
}

static long make_socket(void)
{
	return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static long make_socket_pair(void)
{
	int fds[2];

	return syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, fds);
}

static long call_bpf(int command, union bpf_attr *attributes)
{
	return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static long load_program(void)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attributes = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
				      .insns = (uintptr_t)nothing,
				      .insn_cnt = 2,
				      .license = (uintptr_t) "GPL" };

	return call_bpf(BPF_PROG_LOAD, &attributes);
}

static long create_map(void)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
	};

	return call_bpf(BPF_MAP_CREATE, &attributes);
}

static long open_perf_event(void)
{
	struct perf_event_attr attributes = { .type = PERF_TYPE_SOFTWARE,
					      .size = sizeof(attributes),
					      .config = PERF_COUNT_SW_BPF_OUTPUT };

	return syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

static long map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) == MAP_FAILED ?
		       -1 :
		       0;
}

static long make_memory_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static long signal_parent(void)
{
	return syscall(SYS_kill, getppid(), 0);
}

static long trace_a_process(void)
{
	return syscall(SYS_ptrace, PTRACE_TRACEME, 0, NULL, NULL);
}

static long become_root(void)
{
	return syscall(SYS_setresuid, 0, 0, 0);
}

static long type_into_terminal(void)
{
	return ioctl(STDIN_FILENO, TIOCSTI, "x") && errno == EPERM ? -1 : 0;
}

static long make_ring(void)
{
	char parameters[128] = {};

	return syscall(NEW_IO_URING, 1, parameters);
}

static long ask_anything(void)
{
	static const struct monitor_question never_offered = { .answer = NULL };
	struct monitor_answer answer;

	if (!monitor_pid())
		return 0;
	monitor_ask(&never_offered, NULL, 0, &answer);
	return (long)answer.result;
}

#if defined(__x86_64__)
/* open(2), which 32-bit programs call by another number. It fails with EFAULT where it is allowed.
 */
static long open_by_old_number(void)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(5L), "b"(1L), "c"(0L), "d"(0L)
			 : "memory");
	return result == -EPERM ? -1 : 0;
}

static long open_by_x32_number(void)
{
	return syscall(X32_BIT | SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}
#endif

static const struct {
	const char *name;
	long (*try)(void);
} attempts[] = {
	{ "open-to-read", open_to_read },  { "open-to-write", open_to_write },
	{ "open-in-proc", open_in_proc },  { "unlink", remove_file },
	{ "process", make_process },	   { "exec", execute },
	{ "socket", make_socket },	   { "socket-pair", make_socket_pair },
	{ "bpf-program", load_program },   { "bpf-map", create_map },
	{ "perf-event", open_perf_event }, { "map-code", map_code },
	{ "make-code", make_memory_code }, { "kill", signal_parent },
	{ "ptrace", trace_a_process },	   { "root", become_root },
	{ "type", type_into_terminal },	   { "io-uring", make_ring },
	{ "monitor", ask_anything },
#if defined(__x86_64__)
	{ "int80", open_by_old_number },   { "x32", open_by_x32_number },
#endif
};

static void print(struct session *session, uint64_t time, const void *event, size_t size)
{
	struct output *output = session_output(session);
	size_t i;

	(void)time;
	(void)event;
	(void)size;
	for (i = 0; i < sizeof(attempts) / sizeof(*attempts); i++)
		buffer_printf(&output->pending, "%s %s\n", attempts[i].name,
			      attempts[i].try() < 0 ? "refused" : "allowed");
	session_stop(session);
}

static void row(struct row *row, const void *event)
{
	(void)event;
	row_word(row, "ATTEMPT", NULL, 0, NULL);
}

static const struct probe by_raw_tracepoint[] = {
	RAW_TRACEPOINT("sched_process_exec", "on_exec_raw"),
	{},
};

static const struct probe by_tracepoint[] = {
	TRACEPOINT("sched:sched_process_exec", "on_exec"),
	{},
};

static const struct probe_set probe_sets[] = {
	{ by_raw_tracepoint, NULL, NULL },
	{ by_tracepoint, NULL, NULL },
	{},
};

static const struct feature_test feature_tests[] = {
	TEST_FAULTABLE_TRACEPOINTS, TEST_ORIG_AX, TEST_COMPAT_SYSCALLS, {}
};

static const struct tool planted = {
	.name = "planted",
	.summary = "Try at the first exec what an intruder would.",
	.source = &execsnoop_source,
	.feature_tests = feature_tests,
	.btf_tracepoint = "sys_exit",
	.probe_sets = probe_sets,
	.row = row,
	.print = print,
};

int main(int argc, char **argv)
{
	return tool_main(&planted, argc, argv);
}
