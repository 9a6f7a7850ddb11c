/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing to a standard descriptor without waiting in write(2): the other end may be a pipe, a
 * terminal or a socket that nobody reads, and the tool must end all the same.
 */
#ifndef SNOOPKIT_SINK_H
#define SNOOPKIT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sink {
	int fd;
	bool is_own; /* fd was opened here */
	enum { SINK_PLAIN, SINK_SOCKET, SINK_BLOCKS } kind;
};

/*
 * Opens the same pipe or terminal once more with O_NONBLOCK. O_NONBLOCK on fd itself would change
 * it for the processes that share it. fd stays the caller's and must stay open.
 */
void sink_open(struct sink *sink, int fd);

/* Writes some of the bytes: how many, or a negative errno. -EAGAIN where it would have to wait. */
ssize_t sink_write(const struct sink *sink, const void *data, size_t size);

/*
 * Waits until a write can go on. Returns 0, or -ECANCELED once cancel_fd (-1: none) is readable or
 * the deadline (see clock.h) has come, or another negative errno.
 */
int sink_wait(const struct sink *sink, int cancel_fd, uint64_t deadline);

/*
 * Writes all, waiting by the rules of sink_wait(). Returns 0 or a negative errno; *done becomes how
 * many bytes were written.
 */
int sink_write_all(const struct sink *sink, const void *data, size_t size, int cancel_fd,
		   uint64_t deadline, size_t *done);

void sink_close(struct sink *sink);

#endif
