// SPDX-License-Identifier: Apache-2.0
/*
 * in_pty [-d DEVPTS] OUTPUT NAME COMMAND [ARG...]: runs COMMAND in a new pty of 80 columns and 24
 * rows, of that devpts (/dev/pts), whose bytes go to the file OUTPUT and whose path goes to the
 * file NAME. What comes on standard input is typed there.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int open_pty(const char *devpts, char *path, size_t size)
{
	const struct winsize window = { .ws_col = 80, .ws_row = 24 };
	int master, number, unlocked = 0;

	snprintf(path, size, "%s/ptmx", devpts);
	master = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) ||
	    ioctl(master, TIOCGPTN, &number) || ioctl(master, TIOCSWINSZ, &window))
		fail(path);
	snprintf(path, size, "%s/%d", devpts, number);
	return master;
}

static pid_t start(const char *path, char **command)
{
	int fd, slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	pid_t pid = slave < 0 ? -1 : fork();

	if (pid < 0)
		fail(path);
	if (pid == 0) {
		if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0))
			fail("setsid");
		for (fd = 0; fd < 3; fd++)
			dup2(slave, fd);
		execvp(*command, command);
		fail(*command);
	}
	close(slave);
	return pid;
}

/* Whole or not at all, for who waits for it. */
static void write_name(const char *file, const char *path)
{
	char new[4096];
	FILE *out;

	snprintf(new, sizeof(new), "%s.new", file);
	out = fopen(new, "w");
	if (!out || fputs(path, out) < 0 || fclose(out) || rename(new, file))
		fail(file);
}

static void write_all(int fd, const char *data, ssize_t size)
{
	ssize_t written;

	for (; size > 0; data += written, size -= written) {
		written = write(fd, data, (size_t)size);
		if (written < 0)
			fail("write");
	}
}

/* False at the end: of a pty's master that is an error. */
static bool copy(int from, int to)
{
	static char data[65536];
	ssize_t size = read(from, data, sizeof(data));

	if (size > 0)
		write_all(to, data, size);
	return size > 0;
}

static void copy_all(int master, int output)
{
	struct pollfd sources[] = { { .fd = master, .events = POLLIN },
				    { .fd = STDIN_FILENO, .events = POLLIN } };

	for (;;) {
		if (poll(sources, 2, -1) < 0)
			fail("poll");
		if (sources[0].revents && !copy(master, output))
			return;
		if (sources[1].revents && !copy(STDIN_FILENO, master))
			sources[1].fd = -1;
	}
}

int main(int argc, char **argv)
{
	const char *devpts = "/dev/pts";
	int master, output;
	char path[4096];
	pid_t pid;

	if (argc > 2 && !strcmp(argv[1], "-d")) {
		devpts = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc < 4) {
		fprintf(stderr, "usage: in_pty [-d DEVPTS] OUTPUT NAME COMMAND [ARG...]\n");
		return 2;
	}
	output = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (output < 0)
		fail(argv[1]);
	master = open_pty(devpts, path, sizeof(path));
	pid = start(path, argv + 3);
	write_name(argv[2], path);
	copy_all(master, output);
	waitpid(pid, NULL, 0);
	return 0;
}
