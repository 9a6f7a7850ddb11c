// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "features/terminal.h"

/* How long a terminal that is stopped (Ctrl-S) is waited for at the end. */
#define WRITE_TIMEOUT 200 /* ms */

/* Answers that are still on their way from the terminal at the end. */
#define ANSWER_TIMEOUT 50 /* ms */

/*
 * What a mirrored program may have left, in xterm's terms:
 * https://invisible-island.net/xterm/ctlseqs/ctlseqs.html. Saving the cursor first keeps it where
 * it is if the alternate screen is not in use.
 */
static const char reset[] =
	"\030\033\\"			       /* an unfinished sequence */
	"\0337\033[?1049l\033[?1047l\033[?47l" /* the alternate screen */
	"\033[!p"			       /* soft reset: what follows is for those without */
	"\033[?9l\033[?1000l\033[?1001l\033[?1002l\033[?1003l" /* mouse */
	"\033[?1004l\033[?1005l\033[?1006l\033[?1015l\033[?1016l"
	"\033[?2004l"			   /* bracketed paste */
	"\033[?1l\033>"			   /* cursor keys, keypad */
	"\033[2l\033[4l\033[20l\033[12h"   /* locked keyboard, insertion, new line, local echo */
	"\033[?5l\033[?7h\033[?25h\033[0m" /* reverse screen, wrapping, cursor, colours */
	"\033(B\033)B\033*B\033+B\017"	   /* character sets */
	"\0337\033[?6l\033[?69l\033[r\0338\033[?6l" /* origin, margins: the cursor goes home */
	"\033[999;1H\r\n";			    /* to a line that nothing was written on */

static struct {
	int fd; /* the terminal, opened here; -1: none is guarded */
	bool has_input;
	struct termios modes; /* before */
} guarded = { .fd = -1 };

static const int deadly[] = { SIGQUIT, SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV };

/* Ctrl-C goes on to work. Ctrl-Z does not: a stopped tool would leave the terminal as it is. */
static void set_modes(void)
{
	struct termios modes = guarded.modes;

	modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON);
	modes.c_cc[VSUSP] = _POSIX_VDISABLE;
	modes.c_cc[VMIN] = 0;
	modes.c_cc[VTIME] = 0;
	tcsetattr(guarded.fd, TCSANOW, &modes);
}

/* Another job's terminal must not be touched: the kernel would stop this process. */
static bool is_in_foreground(int fd)
{
	return tcgetpgrp(fd) == getpgrp();
}

static void restore_and_die(int number)
{
	terminal_restore();
	signal(number, SIG_DFL);
	raise(number);
}

static void restore_at_end(void)
{
	size_t i;

	for (i = 0; i < sizeof(deadly) / sizeof(*deadly); i++)
		signal(deadly[i], restore_and_die);
	atexit(terminal_restore);
}

int terminal_guard(int fd)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (guarded.fd >= 0 || !isatty(fd))
		return -1;
	guarded.fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (guarded.fd < 0)
		return -1;
	guarded.has_input = is_in_foreground(guarded.fd) && !tcgetattr(guarded.fd, &guarded.modes);
	restore_at_end();
	if (!guarded.has_input)
		return -1;
	set_modes();
	return guarded.fd;
}

void terminal_discard(void)
{
	struct termios now;

	if (!guarded.has_input || !is_in_foreground(guarded.fd))
		return;
	tcflush(guarded.fd, TCIFLUSH);
	if (!tcgetattr(guarded.fd, &now) && (now.c_lflag & (ECHO | ICANON)))
		set_modes();
}

static void write_reset(void)
{
	struct pollfd fd = { .fd = guarded.fd, .events = POLLOUT };
	size_t done = 0;
	ssize_t count;

	while (done < sizeof(reset) - 1) {
		count = write(guarded.fd, reset + done, sizeof(reset) - 1 - done);
		if (count >= 0)
			done += (size_t)count;
		else if (errno != EAGAIN || poll(&fd, 1, WRITE_TIMEOUT) <= 0)
			return;
	}
}

/* An answer that comes later would be typed at the prompt. */
static void discard_last_answers(void)
{
	struct pollfd fd = { .fd = guarded.fd, .events = POLLIN };
	int rounds;

	for (rounds = 0; rounds < 4 && poll(&fd, 1, ANSWER_TIMEOUT) > 0; rounds++)
		tcflush(guarded.fd, TCIFLUSH);
}

void terminal_restore(void)
{
	int saved = errno;

	if (guarded.fd < 0)
		return;
	write_reset();
	if (guarded.has_input && is_in_foreground(guarded.fd)) {
		discard_last_answers();
		tcsetattr(guarded.fd, TCSANOW, &guarded.modes);
		tcflush(guarded.fd, TCIFLUSH);
	}
	close(guarded.fd);
	guarded.fd = -1;
	errno = saved;
}
