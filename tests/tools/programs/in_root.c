// SPDX-License-Identifier: Apache-2.0
/* in_root DIRECTORY NAME...: opens each name with openat2() and DIRECTORY as its root. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct open_how how = { .flags = O_RDONLY, .resolve = RESOLVE_IN_ROOT };
	int i, directory;

	if (argc < 3)
		return 2;
	directory = open(argv[1], O_PATH | O_DIRECTORY);
	for (i = 2; i < argc; i++)
		syscall(__NR_openat2, directory, argv[i], &how, sizeof(how));
	return 0;
}
