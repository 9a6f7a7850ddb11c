// SPDX-License-Identifier: Apache-2.0
/*
 * exec_chain (by its path) MARKER FD COUNT RATE [LEFT START BUSY BEFORE CPU]: executes itself COUNT
 * times. The last one writes a struct result to FD. Arguments carry the state from exec to exec. It
 * is one process, so that no fork disturbs the time of an exec.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "workload.h"

enum { SELF, MARK, FD, COUNT, RATE, LEFT, START, BUSY, BEFORE, CPU, ARGUMENTS };

static int finish(const uint64_t *numbers, uint64_t now)
{
	struct result result = {
		.count = numbers[COUNT],
		.elapsed = now - numbers[START],
		.busy = numbers[BUSY],
		.cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID) - numbers[CPU],
	};

	result.median = result.busy / result.count;
	return write((int)numbers[FD], &result, sizeof(result)) != sizeof(result);
}

int main(int argc, char **argv)
{
	uint64_t numbers[ARGUMENTS] = {}, now = read_clock(CLOCK_MONOTONIC);
	static char texts[ARGUMENTS][24];
	char *next[ARGUMENTS + 1] = {};
	int i;

	if (argc <= RATE || argc > ARGUMENTS)
		return 2;
	for (i = FD; i < argc; i++)
		numbers[i] = strtoull(argv[i], NULL, 10);
	if (argc == ARGUMENTS) {
		numbers[BUSY] += now - numbers[BEFORE];
	} else {
		numbers[LEFT] = numbers[COUNT];
		numbers[START] = now;
		numbers[CPU] = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	}
	if (!numbers[COUNT])
		return 2;
	if (!numbers[LEFT])
		return finish(numbers, now);
	numbers[LEFT]--;
	if (numbers[RATE])
		sleep_until(numbers[START] +
			    (numbers[COUNT] - numbers[LEFT] - 1) * 1000000000 / numbers[RATE]);
	numbers[BEFORE] = read_clock(CLOCK_MONOTONIC);
	for (i = FD; i < ARGUMENTS; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%llu", (unsigned long long)numbers[i]);
		next[i] = texts[i];
	}
	next[SELF] = argv[SELF];
	next[MARK] = argv[MARK];
	execv(argv[SELF], next);
	perror("exec_chain");
	return 1;
}
