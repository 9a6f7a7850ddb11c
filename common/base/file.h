/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: reading, writing, removing, and telling whether one is what it was. */
#ifndef SNOOPKIT_FILE_H
#define SNOOPKIT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/buffer.h"

/*
 * The bytes of a whole file, the caller's to free(); NULL with errno. A NUL follows them, which
 * *size does not count. The file may be one of /proc, which has no size of its own.
 */
char *file_read(const char *path, size_t *size);

/* The same relative to a directory's descriptor, as openat(2) has it. */
char *file_read_at(int directory, const char *path, size_t *size);

/* The same of a file that a user named: EFBIG where it has more than max bytes, or no end. */
char *file_read_up_to(const char *path, size_t max, size_t *size);

/* Appends everything up to the end of file to the buffer. Returns 0 or a negative errno. */
int file_read_fd(int fd, struct buffer *buffer);

/* Writes all of the bytes. Returns 0 or a negative errno. */
int file_write_fd(int fd, const void *data, size_t size);

/* Removes a directory with all that is in it; links are removed, not followed. */
void file_remove_tree(const char *path);

/* Whether it is of that type (S_IFREG, S_IFDIR), root's own, and writable by nobody else. */
bool file_is_roots_own(const struct stat *info, mode_t type);

/*
 * "PATH size N time N.N": a line that changes when the file is written or replaced by another.
 * Returns 0 or a negative errno: -ENAMETOOLONG where size, in bytes, is too small for it.
 */
int file_stamp(const char *path, char *text, size_t size);

#endif
