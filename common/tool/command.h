/* SPDX-License-Identifier: Apache-2.0 */
/* The command that a session runs (--exec): forked before the probes are attached, held until then.
 */
#ifndef SNOOPKIT_COMMAND_H
#define SNOOPKIT_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct command {
	pid_t pid;	  /* 0: none, or it has ended */
	const char *name; /* its argv[0] */
	int gate;	  /* a byte lets it run; its failure comes back; -1: none */
	int failure;	  /* the errno with which it could not be run, 0: none */
};

void command_init(struct command *command);

/*
 * Forks a process that waits to become the command, argv up to NULL, which must outlive it. Returns
 * its PID or a negative errno with a message.
 */
int command_start(struct command *command, char **argv, struct error *error);

/* Lets it run. Nothing where there is none. */
void command_release(struct command *command);

/* After a SIGCHLD: whether the command has ended. True at most once. */
bool command_has_ended(struct command *command);

/* 0, or a negative errno with a message where the command could not be run. */
int command_result(const struct command *command, struct error *error);

/* A command that was not let run ends. */
void command_close(struct command *command);

#endif
