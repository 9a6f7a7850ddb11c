// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/private_mount.h"

static int mount_and_open(const char *type, const char *directory)
{
	int fd;

	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(type, directory, type, 0, NULL))
		return -errno;
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * A child that shares the descriptors but not the mount namespace does the mounting: what it opened
 * stays usable here, and nothing of its namespace is left when it ends.
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
		/* The child's end of the pipe is ours too: without a word from it, don't wait. */
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
		if (read(fds[0], &result, sizeof(result)) != sizeof(result))
			result = -EIO;
	}
	close(fds[0]);
	close(fds[1]);
	return result;
}
