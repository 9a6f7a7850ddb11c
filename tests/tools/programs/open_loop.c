// SPDX-License-Identifier: Apache-2.0
/*
 * open_loop COUNT FILE: opens and closes it so often, as fast as it goes; prints the seconds. Where
 * FILE ends with a slash, each time a number follows, and no such file need be there.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct timespec start, end;
	char numbered[4096];
	const char *name;
	bool is_numbered;
	long count, i;
	int fd;

	if (argc != 3)
		return 2;
	count = atol(argv[1]);
	name = argv[2];
	is_numbered = *name && name[strlen(name) - 1] == '/';
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < count; i++) {
		if (is_numbered) {
			snprintf(numbered, sizeof(numbered), "%s%ld", argv[2], i);
			name = numbered;
		}
		fd = open(name, O_RDONLY);
		if (fd < 0 && !is_numbered)
			return 1;
		if (fd >= 0)
			close(fd);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.6f\n",
	       (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
	return 0;
}
