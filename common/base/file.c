// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/memfd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"

/* Most files that a tool reads at its start are small, and memory for more is slow to get. */
#define READ_FIRST 4096
#define READ_MORE  65536

int file_read_fd_up_to(int fd, size_t max, struct buffer *buffer)
{
	size_t room = READ_FIRST, start = buffer->size;
	ssize_t count;
	char *place;

	for (;;) {
		if (buffer->size > max)
			return -EFBIG;
		place = buffer_extend(buffer, room);
		if (!place)
			return -ENOMEM;
		count = read(fd, place, room);
		buffer->size -= room - (size_t)(count > 0 ? count : 0);
		if (buffer->size - start >= READ_FIRST)
			room = READ_MORE;
		if (count == 0)
			return 0;
		if (count < 0 && errno != EINTR)
			return -errno;
	}
}

int file_read_fd(int fd, struct buffer *buffer)
{
	return file_read_fd_up_to(fd, SIZE_MAX, buffer);
}

static char *read_at(int directory, const char *path, size_t max, size_t *size)
{
	struct buffer content = {};
	char *string = NULL;
	int fd, err;

	fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	err = file_read_fd_up_to(fd, max, &content);
	close(fd);
	if (!err) {
		*size = content.size;
		string = buffer_take_string(&content);
		err = -ENOMEM;
	}
	buffer_free(&content);
	if (!string)
		errno = -err;
	return string;
}

char *file_read(const char *path, size_t *size)
{
	return read_at(AT_FDCWD, path, SIZE_MAX, size);
}

char *file_read_at(int directory, const char *path, size_t *size)
{
	return read_at(directory, path, SIZE_MAX, size);
}

char *file_read_up_to(const char *path, size_t max, size_t *size)
{
	return read_at(AT_FDCWD, path, max, size);
}

int file_open_untrusted(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct statfs filesystem;

	if (fd < 0)
		return -errno;
	if (!fstatfs(fd, &filesystem) && filesystem.f_type != FILE_FUSE_MAGIC)
		return fd;
	close(fd);
	return -EPERM;
}

struct file_identity file_identity(const struct stat *info)
{
	return (struct file_identity){ .device = info->st_dev,
				       .inode = info->st_ino,
				       .seconds = info->st_ctim.tv_sec,
				       .nanoseconds = info->st_ctim.tv_nsec };
}

/* What the open file says, not its path: that may name another one by now. */
int file_open_identified(const char *path, struct file_identity *identity)
{
	int fd = file_open_untrusted(path);
	struct stat info = {};

	if (fd < 0)
		return fd;
	fstat(fd, &info);
	*identity = file_identity(&info);
	return fd;
}

int file_write_fd(int fd, const void *data, size_t size)
{
	const char *at = data;
	ssize_t count;

	while (size) {
		count = write(fd, at, size);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count ? -errno : -EIO;
		at += count;
		size -= (size_t)count;
	}
	return 0;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *position)
{
	(void)info;
	(void)type;
	(void)position;
	return remove(path);
}

void file_remove_tree(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

bool file_is_roots_own(const struct stat *info, mode_t type)
{
	return (info->st_mode & S_IFMT) == type && info->st_uid == 0 &&
	       !(info->st_mode & (S_IWGRP | S_IWOTH));
}

int file_stamp(const char *path, char *text, size_t size)
{
	struct stat info;
	int length;

	if (stat(path, &info))
		return -errno;
	length = snprintf(text, size, "%s size %lld time %lld.%09ld", path, (long long)info.st_size,
			  (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
	return (size_t)length < size ? 0 : -ENAMETOOLONG;
}

int file_make_parents(const char *path)
{
	char *copy = strdup(path), *slash;
	int err = copy ? 0 : -ENOMEM;

	for (slash = copy ? strchr(copy + 1, '/') : NULL; !err && slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST)
			err = -errno;
		*slash = '/';
	}
	free(copy);
	return err;
}

/* By its number: glibc has the function only since 2.27. */
int file_in_memory(const char *name, bool is_inherited)
{
	int fd = (int)syscall(SYS_memfd_create, name, is_inherited ? 0 : MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}
