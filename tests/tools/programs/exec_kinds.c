// SPDX-License-Identifier: Apache-2.0
/*
 * exec_kinds memfd|execveat|args N|missing|int80|unreadable|tagged: executes /bin/true in a way
 * that a tracer may miss, with arguments that it should show. The last four fail: there is no such
 * file; the same through the 32-bit entry; an argument is not in the program's memory; the
 * arguments' addresses have a tag. Status 77: the kernel takes no tag.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tag.h"

extern char **environ;

static int from_memfd(void)
{
	char *argv[] = { "in-memory", "memfd-argument", NULL };
	int file = open("/bin/true", O_RDONLY), memory = memfd_create("secret", MFD_CLOEXEC);
	struct stat info;

	if (file < 0 || memory < 0 || fstat(file, &info) ||
	    sendfile(memory, file, NULL, (size_t)info.st_size) != info.st_size)
		return 1;
	return fexecve(memory, argv, environ);
}

static int by_execveat(void)
{
	char *argv[] = { "true", "execveat-argument", NULL };
	int directory = open("/bin", O_RDONLY | O_DIRECTORY);

	return (int)syscall(SYS_execveat, directory, "true", argv, environ, 0);
}

static int with_arguments(int count)
{
	char **argv = calloc((size_t)count + 2, sizeof(*argv));
	int i;

	argv[0] = "true";
	for (i = 1; i <= count; i++)
		if (asprintf(&argv[i], "argument-%d", i) < 0)
			return 1;
	return execv("/bin/true", argv);
}

#ifdef __x86_64__
/* Name and arguments lie where 32 bits reach. */
static void by_int80(void)
{
	struct {
		char file[32], name[8], argument[24];
		uint32_t argv[3];
	} *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
		      -1, 0);
	long result;

	if (low == MAP_FAILED)
		return;
	strcpy(low->file, "/nonexistent/int80");
	strcpy(low->name, "int80");
	strcpy(low->argument, "int80-argument");
	low->argv[0] = (uint32_t)(uintptr_t)low->name;
	low->argv[1] = (uint32_t)(uintptr_t)low->argument;
	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(11), "b"(low->file), "c"(low->argv), "d"(0)
		     : "memory", "r8", "r9", "r10", "r11");
	errno = (int)-result;
}
#endif

static void with_unreadable(void)
{
	char *argv[] = { "program", "readable", (char *)16, "after-it", NULL };

	execve("/nonexistent/unreadable", argv, NULL);
}

static void with_tags(void)
{
	char *argv[] = { tagged("program"), tagged("tagged-argument"), NULL };

	if (!use_tags())
		exit(77);
	execve(tagged("/nonexistent/tagged"), tagged(argv), NULL);
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";

	if (!strcmp(kind, "memfd"))
		from_memfd();
	else if (!strcmp(kind, "execveat"))
		by_execveat();
	else if (!strcmp(kind, "args") && argc == 3)
		with_arguments(atoi(argv[2]));
#ifdef __x86_64__
	else if (!strcmp(kind, "int80"))
		by_int80();
#endif
	else if (!strcmp(kind, "unreadable"))
		with_unreadable();
	else if (!strcmp(kind, "tagged"))
		with_tags();
	else if (!strcmp(kind, "missing"))
		execl("/nonexistent/program", "program", "tried-argument", NULL);
	perror(kind);
	return 1;
}
