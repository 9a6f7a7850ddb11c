// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "kernel/private_mount.h"
#include "kernel/tracefs.h"

#define MOUNT_POINT "/sys/kernel/tracing"

/* Not with access(): it checks for the real user and ignores the effective capabilities. */
bool tracefs_has(int tracefs, const char *file)
{
	struct stat info;

	return !fstatat(tracefs, file, &info, 0);
}

/* The mount point exists even when nothing is mounted there; its "events" does not. */
static int check_mounted(int fd)
{
	int err = tracefs_has(fd, "events") ? 0 : -errno;

	if (err)
		close(fd);
	return err ? err : fd;
}

static int open_mounted(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : check_mounted(fd);
}

static int open_privately(void)
{
	int fd = private_mount_open("tracefs", MOUNT_POINT);

	return fd < 0 ? fd : check_mounted(fd);
}

static int explain(int err, struct error *error)
{
	switch (err) {
	case -EACCES:
		return error_set(error, EACCES,
				 "tracefs is closed to this user: run as root, or "
				 "with CAP_DAC_READ_SEARCH");
	case -EPERM:
		return error_set(error, EPERM,
				 "tracefs is not mounted and this process may not mount it: "
				 "mount -t tracefs tracefs %s",
				 MOUNT_POINT);
	case -ENODEV:
	case -ENOENT:
		return error_set(error, ENODEV, "this kernel has no tracefs (CONFIG_TRACING)");
	default:
		return error_set(error, -err, "can't open or mount tracefs on %s: %s", MOUNT_POINT,
				 strerror(-err));
	}
}

int tracefs_open(struct error *error)
{
	static const char *const paths[] = { MOUNT_POINT, "/sys/kernel/debug/tracing" };
	int fd = -ENOENT;
	size_t i;

	/* If tracefs is mounted but closed to us, another place would be closed too. */
	for (i = 0; fd == -ENOENT && i < sizeof(paths) / sizeof(*paths); i++)
		fd = open_mounted(paths[i]);
	if (fd == -ENOENT)
		fd = open_privately();
	return fd < 0 ? explain(fd, error) : fd;
}

int tracefs_event_id(int tracefs, const char *category, const char *event)
{
	char file[256], *text;
	int id;

	snprintf(file, sizeof(file), "events/%s/%s/id", category, event);
	text = tracefs_read(tracefs, file);
	if (!text)
		return -errno;
	id = atoi(text);
	free(text);
	return id;
}

int tracefs_write(int tracefs, const char *file, const char *line)
{
	int fd = openat(tracefs, file, O_WRONLY | O_APPEND | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, line, strlen(line)) < 0)
		err = -errno;
	close(fd);
	return err;
}

char *tracefs_read(int tracefs, const char *file)
{
	size_t size;

	return file_read_at(tracefs, file, &size);
}
