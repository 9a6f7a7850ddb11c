/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: reading, writing, removing, and telling whether a file has changed. */
#ifndef SNOOPKIT_FILE_H
#define SNOOPKIT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buffer.h"

#define FILE_FUSE_MAGIC 0x65735546 /* FUSE_SUPER_MAGIC in newer headers */

/*
 * Returns the bytes of a whole file, which the caller frees, or NULL with errno. They are followed
 * by a NUL that *size does not count. Also reads files of /proc, whose size stat(2) does not tell.
 */
char *file_read(const char *path, size_t *size);

/* The same with a path relative to a directory's descriptor, as in openat(2). */
char *file_read_at(int directory, const char *path, size_t *size);

/* The same for a file that a user named: EFBIG if it has more than max bytes, or no end. */
char *file_read_up_to(const char *path, size_t max, size_t *size);

/*
 * Appends everything up to the end of the file to the buffer. Returns 0 or a negative errno: -EFBIG
 * if the buffer then has more than max bytes. file_read_fd() has no such limit.
 */
int file_read_fd(int fd, struct buffer *buffer);
int file_read_fd_up_to(int fd, size_t max, struct buffer *buffer);

/*
 * Opens a file of others for reading. Returns a descriptor or a negative errno: -EPERM for one of
 * FUSE, where a program answers and a read may wait for it without end.
 */
int file_open_untrusted(const char *path);

/* Which file it is, and as it was changed last (ctime). The bytes of two can be compared. */
struct file_identity {
	uint64_t device, inode;
	int64_t seconds, nanoseconds;
};

struct file_identity file_identity(const struct stat *info);

/* file_open_untrusted(), and which file it is. */
int file_open_identified(const char *path, struct file_identity *identity);

/* Writes all bytes, in several writes if needed. Returns 0 or a negative errno. */
int file_write_fd(int fd, const void *data, size_t size);

/*
 * A file that is only in memory and has no name but /proc/self/fd/N; name is for debugging. A
 * program that is executed keeps it if it is inherited. Returns its descriptor or a negative errno.
 */
int file_in_memory(const char *name, bool is_inherited);

/* Makes the directories that a file's path needs (mode 0755). Returns 0 or a negative errno. */
int file_make_parents(const char *path);

/* Removes a directory and everything in it. Removes symbolic links and does not follow them. */
void file_remove_tree(const char *path);

/* Whether a file has that type (S_IFREG, S_IFDIR), belongs to root, and only root can write it. */
bool file_is_roots_own(const struct stat *info, mode_t type);

/*
 * Writes "PATH size N time N.N" to text, which changes when the file is written or replaced.
 * Follows symbolic links. size is that of text in bytes. Returns 0 or a negative errno:
 * -ENAMETOOLONG if text is too small.
 */
int file_stamp(const char *path, char *text, size_t size);

#endif
