// SPDX-License-Identifier: Apache-2.0
/*
 * swapped_writer WAY N REAL GO: opens a pty, whose path it prints. Once the file GO is there, one
 * thread makes a descriptor now the pty, now /dev/null, and another writes numbered lines to it: N
 * at least, and until the pty has got some, for the scheduler may let the first thread wait. After
 * a hundred times N it gives up. What the pty got goes to the file REAL. WAY: dup2, dup3, close or
 * int80 (x86's 32-bit entry).
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>

#include "own_pty.h"

#define DESCRIPTOR 100
#define ENOUGH	   20 /* looks at the pty that found something */

static struct own_pty pty;
static int null_fd;
static const char *way;
static volatile int stop;

static void swap_to(int fd)
{
	if (!strcmp(way, "dup3")) {
		dup3(fd, DESCRIPTOR, O_CLOEXEC);
	} else if (!strcmp(way, "close")) {
		close(DESCRIPTOR);
		fcntl(fd, F_DUPFD, DESCRIPTOR);
#if defined(__x86_64__)
	} else if (!strcmp(way, "int80")) {
		int result;

		asm volatile("int $0x80"
			     : "=a"(result)
			     : "a"(63), "b"(fd), "c"(DESCRIPTOR) /* dup2 */
			     : "memory", "r8", "r9", "r10", "r11");
#endif
	} else {
		dup2(fd, DESCRIPTOR);
	}
}

static void *swap(void *unused)
{
	while (!stop) {
		swap_to(pty.slave);
		swap_to(null_fd);
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t swapper;
	FILE *output;
	int count, rounds = 0, i;

	if (argc != 5)
		return 2;
	way = argv[1];
	count = atoi(argv[2]);
	output = fopen(argv[3], "w");
	null_fd = open("/dev/null", O_WRONLY);
	pty = own_pty_open();
	dup2(null_fd, DESCRIPTOR);
	wait_for_file(argv[4]);
	if (!output || pthread_create(&swapper, NULL, swap, NULL))
		return 1;
	for (i = 0; i < count || (rounds < ENOUGH && i / 100 < count); i++) {
		dprintf(DESCRIPTOR, "<%d>\n", i);
		if (i % 20 == 0)
			rounds += own_pty_drain(&pty, output);
	}
	stop = 1;
	pthread_join(swapper, NULL);
	own_pty_drain_all(&pty, output);
	fclose(output);
	return 0;
}
