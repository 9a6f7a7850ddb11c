// SPDX-License-Identifier: Apache-2.0
/* load_module FILE PARAMETERS: what insmod does, by itself, so that it can be made set-user-ID. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd;

	if (argc != 3)
		return 2;
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, argv[2], 0)) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
