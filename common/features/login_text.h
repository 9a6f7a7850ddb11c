/* SPDX-License-Identifier: Apache-2.0 */
/* The fields tty and auid, of what bpfsrc/login.bpf.h stores in an event. */
#ifndef SNOOPKIT_LOGIN_TEXT_H
#define SNOOPKIT_LOGIN_TEXT_H

#include "login.h"
#include "output/field.h"

/* Rows of a tool's fields. */
#define LOGIN_FIELDS                                                                           \
	FIELD_ROW("tty", TEXT, "its terminal, such as pts/3; null: none", .can_be_null = true, \
		  .width = -8),                                                                \
		FIELD_ROW("auid", NUMBER, "the user who logged in; null: no login",            \
			  .can_be_null = true)

/* A terminal's name in /dev. */
struct terminal_name {
	char text[24];
};

/*
 * Names a terminal as in /dev: what the kernel calls pts3 is /dev/pts/3. The kernel's name has size
 * bytes, at most 16, and may lack its NUL. Returns whether there is a terminal.
 */
bool terminal_name(struct terminal_name *terminal, const char *name, size_t size);

void row_login(struct row *row, const struct login *login);

#endif
