// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdio.h>

#include "features/signal_name.h"

/* As programs number them: the C library keeps 32 and 33 of the kernel's for itself. */
#define FIRST_REAL_TIME 34
#define LAST_REAL_TIME	64

#define NAME(signal) [signal] = #signal

static const char *const names[] = {
	NAME(SIGHUP),	 NAME(SIGINT),	NAME(SIGQUIT),	NAME(SIGILL),  NAME(SIGTRAP),
	NAME(SIGABRT),	 NAME(SIGBUS),	NAME(SIGFPE),	NAME(SIGKILL), NAME(SIGUSR1),
	NAME(SIGSEGV),	 NAME(SIGUSR2), NAME(SIGPIPE),	NAME(SIGALRM), NAME(SIGTERM),
	NAME(SIGSTKFLT), NAME(SIGCHLD), NAME(SIGCONT),	NAME(SIGSTOP), NAME(SIGTSTP),
	NAME(SIGTTIN),	 NAME(SIGTTOU), NAME(SIGURG),	NAME(SIGXCPU), NAME(SIGXFSZ),
	NAME(SIGVTALRM), NAME(SIGPROF), NAME(SIGWINCH), NAME(SIGIO),   NAME(SIGPWR),
	NAME(SIGSYS),
};

const char *signal_name(unsigned int number, char text[SIGNAL_NAME])
{
	if (number < sizeof(names) / sizeof(*names) && names[number])
		snprintf(text, SIGNAL_NAME, "%s", names[number]);
	else if (number >= FIRST_REAL_TIME && number <= LAST_REAL_TIME)
		snprintf(text, SIGNAL_NAME, "SIGRTMIN+%u", number - FIRST_REAL_TIME);
	else
		snprintf(text, SIGNAL_NAME, "SIG%u", number);
	return text;
}
