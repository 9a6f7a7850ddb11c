// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/private_mount.h"

int private_mount_begin(void)
{
	if (unshare(CLONE_NEWNS))
		return -errno;
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) && errno != EINVAL)
		return -errno;
	return 0;
}

/* Of path and the directories above it, the first that is a mount point is where path is mounted.
 */
static int make_private(const char *path)
{
	char above[PATH_MAX];
	char *slash;

	if ((size_t)snprintf(above, sizeof(above), "%s", path) >= sizeof(above))
		return -ENAMETOOLONG;
	while (mount("none", above, NULL, MS_PRIVATE, NULL)) {
		slash = strrchr(above, '/');
		if (errno != EINVAL || !slash || !strcmp(above, "/"))
			return -errno;
		slash[slash == above] = '\0';
	}
	return 0;
}

int private_mount(const char *source, const char *path, const char *type, unsigned long flags,
		  const char *data)
{
	int err = make_private(path);

	if (err)
		return err;
	return mount(source, path, type, flags, data) ? -errno : 0;
}

static int mount_and_open(const char *type, const char *directory)
{
	int fd, err = private_mount_begin();

	if (!err)
		err = private_mount(type, directory, type, 0, NULL);
	if (err)
		return err;
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * A child mounts. It shares this process's descriptors, but not its mount namespace: the descriptor
 * that it opens stays usable here.
 */
int private_mount_open(const char *type, const char *directory)
{
	int fds[2], result = -EIO;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (!pid) {
		result = mount_and_open(type, directory);
		if (write(fds[1], &result, sizeof(result)) != sizeof(result))
			_exit(1);
		_exit(0);
	}
	if (pid < 0) {
		result = -errno;
	} else {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		/* The child's end of the pipe is open here too: a blocking read() could hang. */
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
		if (read(fds[0], &result, sizeof(result)) != sizeof(result))
			result = -EIO;
	}
	close(fds[0]);
	close(fds[1]);
	return result;
}
