// SPDX-License-Identifier: Apache-2.0
/*
 * exec_kinds memfd|execveat|args N|path FILE|missing: executes /bin/true in a way that a tracer
 * may miss, with arguments that it should show.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";

	if (!strcmp(kind, "memfd"))
		from_memfd();
	else if (!strcmp(kind, "execveat"))
		by_execveat();
	else if (!strcmp(kind, "args") && argc == 3)
		with_arguments(atoi(argv[2]));
	else if (!strcmp(kind, "missing"))
		execl("/nonexistent/program", "program", "tried-argument", NULL);
	perror(kind);
	return 1;
}
