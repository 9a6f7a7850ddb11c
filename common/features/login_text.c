// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "features/login_text.h"

#define PSEUDO "pts"

/* The name in /dev: the kernel calls /dev/pts/3 pts3. */
static void row_tty(struct row *row, const char *name, size_t size)
{
	char text[sizeof(PSEUDO) + sizeof(((struct login *)0)->tty)];
	int length = (int)strnlen(name, size), skipped = (int)strlen(PSEUDO);
	bool is_pseudo = length > skipped && !strncmp(name, PSEUDO, (size_t)skipped);

	if (is_pseudo)
		snprintf(text, sizeof(text), PSEUDO "/%.*s", length - skipped, name + skipped);
	else
		snprintf(text, sizeof(text), "%.*s", length, name);
	if (length)
		row_text(row, NULL, "tty", 0, text, sizeof(text));
	else
		row_word(row, NULL, "tty", 0, NULL);
}

void row_login(struct row *row, const struct login *login)
{
	bool is_known = login->auid != LOGIN_NOBODY;

	row_tty(row, login->tty, sizeof(login->tty));
	row_json(row, "auid", is_known ? json_integer(login->auid) : json_null());
}
