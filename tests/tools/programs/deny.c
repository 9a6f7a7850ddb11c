// SPDX-License-Identifier: Apache-2.0
/*
 * deny SYSCALL ERRNO COMMAND [ARG...]: runs COMMAND under a seccomp filter that answers SYSCALL
 * (one of the table, or unknown, which is 1000) with the number ERRNO, as a kernel without it or a
 * container's policy does; "trap" for ERRNO sends SIGSYS instead.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	long number;
} syscalls[] = {
	{ "bpf", SYS_bpf },
	{ "perf_event_open", SYS_perf_event_open },
	{ "getpriority", SYS_getpriority },
	{ "openat2", __NR_openat2 },
	{ "pwrite64", SYS_pwrite64 },
	{ "unknown", 1000 }, /* of no table */
};

static int deny(unsigned int number, unsigned int action)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static unsigned int action_of(const char *word)
{
	return strcmp(word, "trap") ? SECCOMP_RET_ERRNO | (unsigned int)atoi(word) :
				      SECCOMP_RET_TRAP;
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 3 && i < sizeof(syscalls) / sizeof(*syscalls); i++) {
		if (strcmp(argv[1], syscalls[i].name))
			continue;
		if (!deny((unsigned int)syscalls[i].number, action_of(argv[2])))
			execvp(argv[3], argv + 3);
		perror("deny");
		return 1;
	}
	fprintf(stderr, "usage: deny SYSCALL ERRNO COMMAND [ARG...]\n");
	return 2;
}
