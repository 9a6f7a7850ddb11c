// SPDX-License-Identifier: Apache-2.0
/* blocked_sigsys: writes "hidden" byte by byte while a SIGSYS that it blocks is pending. */
#include <signal.h>
#include <unistd.h>

int main(void)
{
	static const char text[] = "hidden\n";
	const char *at;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGSYS);
	for (at = text; *at; at++)
		if (write(STDOUT_FILENO, at, 1) != 1)
			return 1;
	return 0;
}
