// SPDX-License-Identifier: Apache-2.0
/* Reads lines by the shared libreadline until the end of file: a shell that does nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <readline/readline.h>

int main(void)
{
	char *line;

	while ((line = readline("$ ")))
		free(line);
	return 0;
}
