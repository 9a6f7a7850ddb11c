/* SPDX-License-Identifier: Apache-2.0 */
/* Users that this process acts for: the one who called sudo, and the one it becomes itself. */
#ifndef SNOOPKIT_USER_H
#define SNOOPKIT_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct user {
	uid_t uid;
	gid_t gid;
	char name[64]; /* empty: the user has no name, and so no further groups */
	char home[128];
	char shell[128];
};

/* The user who called sudo, by SUDO_UID and SUDO_GID. False if this is root and there is none. */
bool user_who_called(struct user *user);

/* By a name or a number. Returns 0 or -ENOENT with a message. */
int user_named(const char *text, struct user *user, struct error *error);

/*
 * The one that a tool becomes: snoopkit, if /etc/passwd has one, or else a number that no user has
 * and that depends on the process. nobody would not do: each program that runs as nobody could kill
 * the tool. Only /etc/passwd is read, because to ask all services takes longer than the rest of a
 * start.
 */
void user_for_tools(struct user *user);

/*
 * Becomes that user for good, with all its groups, and gives the environment its HOME, USER,
 * LOGNAME and SHELL, without what sudo adds. Returns 0 or a negative errno.
 */
int user_become(const struct user *user);

/*
 * Opens files as that user until user_return(). Only for a process without threads. Returns 0 or a
 * negative errno: then nothing has changed.
 */
int user_borrow(const struct user *user);
void user_return(void);

#endif
