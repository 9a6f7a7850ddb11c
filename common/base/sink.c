// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sink.h"

void sink_open(struct sink *sink, int fd)
{
	struct stat info;
	char path[40];
	int own;

	*sink = (struct sink){ .fd = fd };
	if (fstat(fd, &info))
		return;
	if (S_ISSOCK(info.st_mode))
		sink->kind = SINK_SOCKET;
	if (!S_ISFIFO(info.st_mode) && !isatty(fd))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own >= 0)
		*sink = (struct sink){ .fd = own, .is_own = true };
	else
		sink->kind = SINK_BLOCKS;
}

/* A pipe with room takes PIPE_BUF bytes at once. */
static ssize_t write_if_ready(const struct sink *sink, const void *data, size_t size)
{
	struct pollfd ready = { .fd = sink->fd, .events = POLLOUT };

	if (!poll(&ready, 1, 0)) {
		errno = EAGAIN;
		return -1;
	}
	return write(sink->fd, data, size < PIPE_BUF ? size : PIPE_BUF);
}

ssize_t sink_write(const struct sink *sink, const void *data, size_t size)
{
	ssize_t count;

	do {
		if (sink->kind == SINK_SOCKET)
			count = send(sink->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
		else if (sink->kind == SINK_BLOCKS)
			count = write_if_ready(sink, data, size);
		else
			count = write(sink->fd, data, size);
	} while (count < 0 && errno == EINTR);
	return count < 0 ? -errno : count;
}

int sink_wait(const struct sink *sink, int cancel_fd, uint64_t deadline)
{
	struct pollfd fds[] = { { .fd = sink->fd, .events = POLLOUT },
				{ .fd = cancel_fd, .events = POLLIN } };
	int ready = poll(fds, 2, clock_milliseconds_until(deadline));

	if (ready < 0 && errno != EINTR)
		return -errno;
	if (fds[1].revents || clock_now() >= deadline)
		return -ECANCELED;
	return 0;
}

int sink_write_all(const struct sink *sink, const void *data, size_t size, int cancel_fd,
		   uint64_t deadline, size_t *done)
{
	ssize_t count;
	int err = 0;

	for (*done = 0; !err && *done < size;) {
		count = sink_write(sink, (const char *)data + *done, size - *done);
		if (count >= 0)
			*done += (size_t)count;
		else if (count == -EAGAIN)
			err = sink_wait(sink, cancel_fd, deadline);
		else
			err = (int)count;
	}
	return err;
}

void sink_close(struct sink *sink)
{
	if (sink->is_own)
		close(sink->fd);
	sink->is_own = false;
}
