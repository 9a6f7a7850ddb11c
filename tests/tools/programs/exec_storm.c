// SPDX-License-Identifier: Apache-2.0
/*
 * exec_storm PARENTS EXECS ARGUMENTS: that many parents at once, each making its share of the execs
 * one after the other. The arguments are "storm-PID PARENT NUMBER" and then fillers that can be
 * told; PID is the caller's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char name[32];

static void child(int parent, int number, int arguments)
{
	char **argv = calloc((size_t)arguments + 1, sizeof(*argv));
	char *text = malloc((size_t)arguments * 32);
	int i;

	argv[0] = "true";
	argv[1] = name;
	for (i = 2; i < arguments; i++) {
		argv[i] = text + 32 * i;
		if (i < 4)
			sprintf(argv[i], "%d", i == 2 ? parent : number);
		else
			sprintf(argv[i], "a%d-%d-%d", i, parent, number);
	}
	execv("/bin/true", argv);
	_exit(127);
}

static void run_parent(int parent, int execs, int arguments)
{
	int number, status;
	pid_t pid;

	for (number = 0; number < execs; number++) {
		pid = fork();
		if (!pid)
			child(parent, number, arguments);
		if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
			_exit(1);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int parents, execs, arguments, i, status, failed = 0;

	if (argc != 4)
		return 2;
	snprintf(name, sizeof(name), "storm-%d", (int)getppid());
	parents = atoi(argv[1]);
	execs = atoi(argv[2]);
	arguments = atoi(argv[3]);
	for (i = 0; i < parents; i++)
		if (!fork())
			run_parent(i, execs / parents, arguments);
	for (i = 0; i < parents; i++)
		if (wait(&status) < 0 || status)
			failed = 1;
	return failed;
}
