// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/descriptors.h"

#define NEW_CLOSE_RANGE 436 /* close_range(2), newer than the headers of old distributions */

static int compare_numbers(const void *a, const void *b)
{
	const int *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

static bool is_kept(int fd, const int *kept, size_t count)
{
	return bsearch(&fd, kept, count, sizeof(int), compare_numbers) != NULL;
}

/* Kernels before 5.9 can't close a range. */
static void close_listed(const int *kept, size_t count)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	int fd;

	while (directory && (entry = readdir(directory))) {
		fd = atoi(entry->d_name);
		if (entry->d_name[0] != '.' && fd != dirfd(directory) && !is_kept(fd, kept, count))
			close(fd);
	}
	if (directory)
		closedir(directory);
}

void descriptors_close_others(int *kept, size_t count)
{
	unsigned int from = 0;
	size_t i;

	qsort(kept, count, sizeof(int), compare_numbers);
	for (i = 0; i < count; i++) {
		if ((unsigned int)kept[i] > from &&
		    syscall(NEW_CLOSE_RANGE, from, (unsigned int)kept[i] - 1, 0)) {
			close_listed(kept, count);
			return;
		}
		from = (unsigned int)kept[i] + 1;
	}
	if (syscall(NEW_CLOSE_RANGE, from, ~0U, 0))
		close_listed(kept, count);
}

void descriptors_occupy_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd < STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}
