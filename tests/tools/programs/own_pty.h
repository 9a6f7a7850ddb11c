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

/* Copies what has come until now; returns whether there was anything. */
static inline int own_pty_drain(const struct own_pty *pty, FILE *output)
{
	char data[65536];
	ssize_t size;
	int any = 0;

	for (; (size = read(pty->master, data, sizeof(data))) > 0; any = 1)
		fwrite(data, 1, (size_t)size, output);
	return any;
}

/* Copies what is still on its way, which a busy kernel may take its time for. */
static inline void own_pty_drain_all(const struct own_pty *pty, FILE *output)
{
	int silent;

	for (silent = 0; silent < 100; silent++) {
		if (own_pty_drain(pty, output))
			silent = 0;
		usleep(10000);
	}
}

static inline void wait_for_file(const char *path)
{
	while (access(path, F_OK))
		usleep(10000);
}

#endif
