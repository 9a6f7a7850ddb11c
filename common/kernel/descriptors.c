// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

/* What goes with a message. msg_controllen says how much of it is used. */
struct control {
	char bytes[CMSG_SPACE(DESCRIPTORS_MOST * sizeof(int))];
} __attribute__((aligned(8)));

int descriptors_send(int socket, const void *data, size_t size, const int *fds, size_t count,
		     int flags)
{
	struct control control = {};
	struct cmsghdr *head = (struct cmsghdr *)control.bytes;
	struct iovec part = { (void *)data, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	assert(count <= DESCRIPTORS_MOST);
	if (count) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(head), fds, count * sizeof(int));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL | flags) < 0 ? -errno : 0;
}

/* The kernel closes what the message has beyond msg_controllen. */
static void take_descriptors(struct msghdr *message, int *fds, size_t count)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	size_t size;

	if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
		return;
	size = head->cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(head), size < count * sizeof(int) ? size : count * sizeof(int));
}

ssize_t descriptors_receive(int socket, void *data, size_t size, int *fds, size_t count)
{
	struct control control;
	struct iovec part = { data, size };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = CMSG_LEN(count * sizeof(int)) };
	ssize_t received;

	assert(count <= DESCRIPTORS_MOST);
	memset(fds, -1, count * sizeof(int));
	do
		received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (received < 0 && errno == EINTR);
	if (received < 0)
		return -errno;
	take_descriptors(&message, fds, count);
	return received;
}
