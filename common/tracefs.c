// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffer.h"
#include "tracefs.h"

#define MOUNT_POINT "/sys/kernel/tracing"

/* Not by access(), which asks for the real user and without the capabilities. */
bool tracefs_has(int tracefs, const char *file)
{
	struct stat info;

	return !fstatat(tracefs, file, &info, 0);
}

static int open_directory(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	/* The mount point exists without the mount; "events" only with it. */
	if (!tracefs_has(fd, "events")) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int mount_and_open(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tracefs", MOUNT_POINT, "tracefs", 0, NULL))
		return -errno;
	return open_directory(MOUNT_POINT);
}

/*
 * A child that shares the descriptors but not the mount namespace does the mounting: what it opened
 * stays usable here, and nothing of its namespace is left when it ends.
 */
static int open_privately(void)
{
	int fds[2], result = -EIO;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (!pid) {
		result = mount_and_open();
		if (write(fds[1], &result, sizeof(result)) != sizeof(result))
			_exit(1);
		_exit(0);
	}
	if (pid < 0) {
		result = -errno;
	} else {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		/* The child's end of the pipe is ours too: without a word from it, don't wait. */
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
		if (read(fds[0], &result, sizeof(result)) != sizeof(result))
			result = -EIO;
	}
	close(fds[0]);
	close(fds[1]);
	return result;
}

static int explain(int err, struct error *error)
{
	switch (err) {
	case -EACCES:
		return error_set(error, EACCES, "tracefs is closed to this user: run as root, or "
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

	for (i = 0; fd < 0 && i < sizeof(paths) / sizeof(*paths); i++)
		fd = open_directory(paths[i]);
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
	struct buffer content = {};
	char *text = NULL;
	int fd, err;

	fd = openat(tracefs, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	err = buffer_read_fd(&content, fd);
	close(fd);
	if (!err)
		text = buffer_take_string(&content);
	buffer_free(&content);
	if (!text)
		errno = err ? -err : ENOMEM;
	return text;
}
