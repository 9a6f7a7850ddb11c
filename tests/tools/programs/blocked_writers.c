// SPDX-License-Identifier: Apache-2.0
/*
 * blocked_writers N REAL GO: fills a pty, whose path it prints, and once the file GO is there lets
 * N threads wait in one write each. Then it reads all, and what they wrote goes to the file REAL.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "own_pty.h"

static struct own_pty pty;
static int written; /* threads that have written */

static void *write_number(void *number)
{
	char line[32];
	int length = snprintf(line, sizeof(line), "<%ld>\n", (long)(intptr_t)number);

	if (write(pty.slave, line, (size_t)length) != length)
		exit(1);
	__atomic_add_fetch(&written, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void fill(void)
{
	fcntl(pty.slave, F_SETFL, O_NONBLOCK);
	while (write(pty.slave, "....\n", 5) > 0)
		;
	fcntl(pty.slave, F_SETFL, 0);
}

static int start_threads(pthread_t *threads, int count)
{
	pthread_attr_t attributes;
	int i;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 16384);
	for (i = 0; i < count; i++)
		if (pthread_create(&threads[i], &attributes, write_number, (void *)(intptr_t)i))
			break;
	return i;
}

/* What filled the pty was written before anyone watched. */
static void copy_numbers(const char *from, const char *to)
{
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	char line[4096], *number;

	while (in && out && fgets(line, sizeof(line), in)) {
		number = strchr(line, '<');
		if (number)
			fputs(number, out);
	}
	if (in)
		fclose(in);
	if (out)
		fclose(out);
}

int main(int argc, char **argv)
{
	int count = argc == 4 ? atoi(argv[1]) : 0;
	pthread_t *threads = calloc((size_t)count + 1, sizeof(*threads));
	char all[4096];
	FILE *output;

	if (!count || !threads)
		return 2;
	snprintf(all, sizeof(all), "%s.all", argv[2]);
	output = fopen(all, "w");
	pty = own_pty_open();
	fill();
	wait_for_file(argv[3]);
	count = start_threads(threads, count);
	sleep(2);
	while (__atomic_load_n(&written, __ATOMIC_ACQUIRE) < count) {
		own_pty_drain(&pty, output);
		usleep(10000);
	}
	own_pty_drain_all(&pty, output);
	fclose(output);
	while (count--)
		pthread_join(threads[count], NULL);
	copy_numbers(all, argv[2]);
	return 0;
}
