// SPDX-License-Identifier: Apache-2.0
/*
 * checks WHAT...: makes the kernel check capabilities, for the tests of capable.
 *   all        one each of mount, chown, ptrace, a raw socket and setuid
 *   stay FILE  a chown, of another file if one is given, and then waits to be killed
 *   chown N    N times a chown of the program's own file, which it gives to the user 1
 *   thread     a chown by another thread, whose TID is printed
 *   names N    N chowns, each under another name
 *   quiet      reads the parent's /proc/PID/stat: the check for it is not audited
 *   memory     maps memory, which is no check that is audited
 * Prints how many chowns were allowed.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *file;
static int allowed;

/* A frame of its own in the program's stack: not inlined, and not left by a jump. */
static __attribute__((noinline)) void give_away(void)
{
	allowed += !chown(file, 1, (gid_t)-1);
	asm volatile("");
}

__attribute__((noinline)) void watched_function(void)
{
	give_away();
	asm volatile("");
}

static void make_all(void)
{
	if (!mount("none", "/", "no-such-type", 0, NULL))
		exit(1);
	/* Unlike an attach, it does not stop the parent where it is allowed. */
	ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
	close(socket(AF_INET, SOCK_RAW, 1));
	watched_function();
	/* The raw syscall: the C library's has all threads call it. */
	syscall(SYS_setuid, 1);
}

static void *in_thread(void *unused)
{
	printf("pid %d tid %ld\n", getpid(), syscall(SYS_gettid));
	watched_function();
	return unused;
}

static void make_in_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, in_thread, NULL))
		exit(1);
	pthread_join(thread, NULL);
}

static void make_names(int count)
{
	char name[16];
	int i;

	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		prctl(PR_SET_NAME, name);
		watched_function();
	}
}

static void read_stat(void)
{
	char path[32], byte;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", getppid());
	file = fopen(path, "r");
	if (!file || !fread(&byte, 1, 1, file))
		exit(1);
	fclose(file);
}

static void use_memory(void)
{
	int i;

	for (i = 0; i < 10; i++)
		if (mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0) == MAP_FAILED)
			exit(1);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int count = argc > 2 ? atoi(argv[2]) : 1, i;

	file = argc > 2 && !strcmp(what, "stay") ? argv[2] : argv[0];
	if (!strcmp(what, "all"))
		make_all();
	else if (!strcmp(what, "thread"))
		make_in_thread();
	else if (!strcmp(what, "names"))
		make_names(count);
	else if (!strcmp(what, "quiet"))
		read_stat();
	else if (!strcmp(what, "memory"))
		use_memory();
	else if (!strcmp(what, "stay"))
		for (watched_function();;)
			pause();
	else if (!strcmp(what, "chown"))
		for (i = 0; i < count; i++)
			watched_function();
	else
		return 2;
	printf("allowed %d\n", allowed);
	return 0;
}
