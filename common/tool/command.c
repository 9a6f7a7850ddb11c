// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool/command.h"

void command_init(struct command *command)
{
	*command = (struct command){ .gate = -1 };
}

/* The tool reads this errno and reports it. */
static void __attribute__((noreturn)) end(int gate, int failure)
{
	if (write(gate, &failure, sizeof(failure)) < 0)
		_exit(126);
	_exit(127);
}

/*
 * In the child: executes the command after the tool has sent a byte. If the tool ends before, the
 * command is not executed, because nothing would trace it.
 */
static void __attribute__((noreturn)) become(int gate, char **argv, const struct user *user)
{
	ssize_t count;
	sigset_t none;
	char byte;
	int err;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	/* Before the tool traces this process: the look for its groups is not the command's. */
	err = user ? user_become(user) : 0;
	if (err)
		end(gate, -err);
	do
		count = read(gate, &byte, 1);
	while (count < 0 && errno == EINTR);
	if (count != 1)
		_exit(127);
	execvp(argv[0], argv);
	end(gate, errno);
}

int command_start(struct command *command, char **argv, const struct user *user,
		  struct error *error)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return error_set(error, errno, "can't make a socket pair: %s", strerror(errno));
	pid = fork();
	if (pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return error_set(error, errno, "can't run %s: %s", argv[0], strerror(errno));
	}
	if (!pid) {
		close(fds[1]);
		become(fds[0], argv, user);
	}
	close(fds[0]);
	*command = (struct command){ .pid = pid, .name = argv[0], .gate = fds[1] };
	return pid;
}

void command_release(struct command *command)
{
	if (command->gate >= 0)
		dprintf(command->gate, "\n");
}

bool command_has_ended(struct command *command)
{
	int failure;

	if (!command->pid || waitpid(command->pid, NULL, WNOHANG) != command->pid)
		return false;
	command->pid = 0;
	if (recv(command->gate, &failure, sizeof(failure), MSG_DONTWAIT) == sizeof(failure))
		command->failure = failure;
	return true;
}

int command_result(const struct command *command, struct error *error)
{
	if (!command->failure)
		return 0;
	return error_set(error, command->failure, "can't run %s: %s", command->name,
			 strerror(command->failure));
}

void command_close(struct command *command)
{
	if (command->gate >= 0)
		close(command->gate);
	command->gate = -1;
}
