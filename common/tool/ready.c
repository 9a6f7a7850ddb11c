// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/message.h"
#include "tool/ready.h"

/* An @ in front stands for a NUL: the name is not one of a file (unix(7)). */
static int connect_to(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(name);
	int fd, err;

	if (length >= sizeof(address.sun_path) || (*name != '/' && *name != '@'))
		return -EINVAL;
	memcpy(address.sun_path, name, length);
	if (*name == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

void ready_open(struct ready *ready, const char *tool, uint64_t fd)
{
	const char *name = getenv("NOTIFY_SOCKET");

	*ready = (struct ready){ .socket = -1, .fd = fd == READY_NO_FD ? -1 : (int)fd };
	if (ready->fd >= 0)
		fcntl(ready->fd, F_SETFD, FD_CLOEXEC);
	if (!name)
		return;
	ready->socket = connect_to(name);
	if (ready->socket < 0) {
		message(tool, "can't open the socket %s of NOTIFY_SOCKET: %s", name,
			strerror(-ready->socket));
		ready->socket = -1;
	}
	unsetenv("NOTIFY_SOCKET");
}

/* Whoever is told and does not listen has lost interest: a pipe that is full holds up nothing. */
static void tell(int fd, const char *text)
{
	struct pollfd place = { .fd = fd, .events = POLLOUT };

	if (poll(&place, 1, 0) > 0 && write(fd, text, strlen(text)) < 0)
		return;
}

void ready_tell(struct ready *ready)
{
	tell(ready->socket, "READY=1");
	tell(ready->fd, "\n");
	ready_close(ready);
}

void ready_close(struct ready *ready)
{
	if (ready->socket >= 0)
		close(ready->socket);
	if (ready->fd >= 0)
		close(ready->fd);
	ready->socket = ready->fd = -1;
}
