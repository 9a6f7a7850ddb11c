// SPDX-License-Identifier: Apache-2.0
/* Each filter in a child of its own, which can't take it off again. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kernel/syscall_filter.h"
#include "support.h"

#define CHECK(condition)                           \
	do {                                       \
		if (!(condition))                  \
			_exit(__LINE__ % 200 + 1); \
	} while (0)

static bool is_refused(long result)
{
	return result == -1 && errno == EPERM;
}

/* Returns the line in which a check failed, or 0. */
static int in_a_child(enum syscall_filter filter, void (*checks)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		CHECK(!syscall_filter_set(filter));
		checks();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define need_filters()                                         \
	do {                                                   \
		if (!syscall_filter_is_available())            \
			skip_because("needs seccomp filters"); \
	} while (0)

static void check_tracing(void)
{
	char byte = 0, *memory;
	int fd = STDERR_FILENO;

	CHECK(is_refused(syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY)));
	CHECK(is_refused(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0)));
	CHECK(is_refused(syscall(SYS_kill, getpid(), 0)));
	CHECK(is_refused(syscall(SYS_tgkill, getppid(), getppid(), 0)));
	CHECK(!syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0));
	CHECK(is_refused(syscall(SYS_bpf, BPF_PROG_LOAD, NULL, 0)));
	CHECK(syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, NULL, 0) < 0 && errno != EPERM);
	/* With an address, as for a socket that is connected to nothing. */
	CHECK(is_refused(syscall(SYS_sendto, fd, &byte, 1, 0, &byte, 1)));
	CHECK(syscall(SYS_sendto, -1, &byte, 1, 0, NULL, 0) < 0 && errno == EBADF);
	CHECK(is_refused(syscall(SYS_sendmsg, -1, NULL, 0)));
	/* Of a packet socket alone. */
	CHECK(is_refused(syscall(SYS_getsockopt, -1, SOL_SOCKET, SO_TYPE, NULL, NULL)));
	CHECK(syscall(SYS_getsockopt, -1, SOL_PACKET, 0, NULL, NULL) < 0 && errno == EBADF);
	memory = malloc(1 << 20);
	CHECK(memory);
	memset(memory, 1, 1 << 20);
	free(memory);
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	      MAP_FAILED);
	CHECK(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) < 0);
}

static void a_tracing_tool_uses_what_is_open(void **state)
{
	(void)state;
	need_filters();
	assert_int_equal(in_a_child(FILTER_TRACING, check_tracing), 0);
}

static void check_helper(void)
{
	struct msghdr nothing = {};

	CHECK(is_refused(syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY)));
	CHECK(is_refused(syscall(SYS_execve, "/nonexistent", NULL, NULL)));
	CHECK(syscall(SYS_sendmsg, -1, &nothing, 0) < 0 && errno == EBADF);
}

static void a_helper_also_sends_what_it_found(void **state)
{
	(void)state;
	need_filters();
	assert_int_equal(in_a_child(FILTER_HELPER, check_helper), 0);
}

static void check_monitor(void)
{
	int fd = open("/dev/null", O_RDWR);

	CHECK(fd >= 0);
	CHECK(is_refused(syscall(SYS_execve, "/nonexistent", NULL, NULL)));
	CHECK(is_refused(syscall(SYS_unshare, 0)));
	CHECK(is_refused(syscall(SYS_kill, getpid(), 0)));
}

static void the_monitor_opens_files_and_executes_nothing(void **state)
{
	(void)state;
	need_filters();
	assert_int_equal(in_a_child(FILTER_MONITOR, check_monitor), 0);
}

static void check_compiler(void)
{
	CHECK(open("/dev/null", O_RDONLY) >= 0);
	CHECK(is_refused(open("/dev/null", O_WRONLY)));
	CHECK(is_refused(open("/dev/null", O_RDWR)));
	CHECK(is_refused(open("/tmp/none", O_RDONLY | O_CREAT, 0600)));
	CHECK(is_refused(syscall(SYS_unlinkat, AT_FDCWD, "/nonexistent", 0)));
	CHECK(is_refused(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0)));
	CHECK(is_refused(fork()));
	CHECK(is_refused(syscall(SYS_bpf, BPF_PROG_LOAD, NULL, 0)));
	CHECK(syscall(SYS_bpf, BPF_MAP_CREATE, NULL, 0) < 0 && errno != EPERM);
	CHECK(!geteuid());
}

static void the_compiler_writes_nothing_and_thinks_it_is_root(void **state)
{
	(void)state;
	need_filters();
	assert_int_equal(in_a_child(FILTER_COMPILER, check_compiler), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tracing_tool_uses_what_is_open),
		cmocka_unit_test(a_helper_also_sends_what_it_found),
		cmocka_unit_test(the_monitor_opens_files_and_executes_nothing),
		cmocka_unit_test(the_compiler_writes_nothing_and_thinks_it_is_root),
	};

	return cmocka_run_group_tests_name("syscall_filter", tests, NULL, NULL);
}
