// SPDX-License-Identifier: Apache-2.0
/* exec_by_thread FILE: runs FILE in its own place, from a thread that is not its first. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void *become(void *file)
{
	char *argv[] = { file, NULL };

	execv(file, argv);
	perror(file);
	_exit(1);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc != 2 || pthread_create(&thread, NULL, become, argv[1]))
		return 2;
	for (;;)
		pause();
}
