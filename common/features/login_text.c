// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "features/login_text.h"

#define PSEUDO "pts"

bool terminal_name(struct terminal_name *terminal, const char *name, size_t size)
{
	int length = (int)strnlen(name, size), skipped = (int)strlen(PSEUDO);
	bool is_pseudo = length > skipped && !strncmp(name, PSEUDO, (size_t)skipped);

	if (is_pseudo)
		snprintf(terminal->text, sizeof(terminal->text), PSEUDO "/%.*s", length - skipped,
			 name + skipped);
	else
		snprintf(terminal->text, sizeof(terminal->text), "%.*s", length, name);
	return length > 0;
}

static void row_tty(struct row *row, const char *name, size_t size)
{
	struct terminal_name terminal;

	if (terminal_name(&terminal, name, size))
		row_text(row, NULL, "tty", 0, terminal.text, sizeof(terminal.text));
	else
		row_word(row, NULL, "tty", 0, NULL);
}

void row_login(struct row *row, const struct login *login)
{
	bool is_known = login->auid != LOGIN_NOBODY;

	row_tty(row, login->tty, sizeof(login->tty));
	row_json(row, "auid", is_known ? json_integer(login->auid) : json_null());
}
