/* SPDX-License-Identifier: Apache-2.0 */
/* A pty that a test program writes to and reads itself. */
#ifndef SNOOPKIT_OWN_PTY_H
#define SNOOPKIT_OWN_PTY_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

struct own_pty {
	int master; /* does not block */
	int slave;
};

/* Opens it, raw, and prints its path. */
static inline struct own_pty own_pty_open(void)
{
	struct own_pty pty = { .master = posix_openpt(O_RDWR | O_NOCTTY) };
	struct termios modes;
	char path[64];

	if (pty.master < 0 || grantpt(pty.master) || unlockpt(pty.master) ||
	    ptsname_r(pty.master, path, sizeof(path)))
		exit(1);
	pty.slave = open(path, O_RDWR | O_NOCTTY);
	if (pty.slave < 0 || tcgetattr(pty.slave, &modes))
		exit(1);
	cfmakeraw(&modes);
	tcsetattr(pty.slave, TCSANOW, &modes);
	fcntl(pty.master, F_SETFL, O_NONBLOCK);
	puts(path);
	fflush(stdout);
	return pty;
}

/* Copies what has been written until now. */
static inline void own_pty_drain(const struct own_pty *pty, FILE *output)
{
	char data[65536];
	ssize_t size;

	while ((size = read(pty->master, data, sizeof(data))) > 0)
		fwrite(data, 1, (size_t)size, output);
}

static inline void wait_for_file(const char *path)
{
	while (access(path, F_OK))
		usleep(10000);
}

#endif
