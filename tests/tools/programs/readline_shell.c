// SPDX-License-Identifier: Apache-2.0
/*
 * Reads lines by the shared libreadline until the end of file: a shell that knows no command but
 * "exec PROGRAM". With LIKE_BASH it exports a function that only bash has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <readline/readline.h>

#ifdef LIKE_BASH
void bash_initialize_history(void);
void bash_initialize_history(void)
{
}
#endif

int main(void)
{
	char *line;

	while ((line = readline("$ "))) {
		if (!strncmp(line, "exec ", 5))
			execlp(line + 5, line + 5, (char *)NULL);
		free(line);
	}
	return 0;
}
