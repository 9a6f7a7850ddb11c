/* SPDX-License-Identifier: Apache-2.0 */
/* The command of a session (--exec): forked before the probes are attached, executed after. */
#ifndef SNOOPKIT_COMMAND_H
#define SNOOPKIT_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/user.h"

struct command {
	pid_t pid;	  /* 0: there is no command, or it has ended */
	const char *name; /* its argv[0], not owned */
	int gate;	  /* socket: a byte to the child, its errno back; -1: no command */
	int failure;	  /* errno of the child's exec; 0: none */
};

void command_init(struct command *command);

/*
 * Forks a child that waits for command_release() and then executes argv as that user
 * (user_become()), or as this process if user is NULL. argv ends with NULL and must outlive the
 * command. Returns the child's PID or a negative errno with a message.
 */
int command_start(struct command *command, char **argv, const struct user *user,
		  struct error *error);

/* Lets the child execute the command. Does nothing if there is no command. */
void command_release(struct command *command);

/* To be called after a SIGCHLD. Returns true if the command has ended, at most once. */
bool command_has_ended(struct command *command);

/* Returns 0, or a negative errno with a message if the command could not be executed. */
int command_result(const struct command *command, struct error *error);

/* Closes the socket. A child that still waits for command_release() exits. */
void command_close(struct command *command);

#endif
