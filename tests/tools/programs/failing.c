// SPDX-License-Identifier: Apache-2.0
/*
 * failing SECONDS [THREADS]: as user nobody, makes syscalls that fail as fast as it can: every
 * second one sethostname with EPERM, the others setpriority with EACCES. Says how many of each were
 * made and how long one took: "EPERM n EACCES n ns n".
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NOBODY	    65534
#define MAX_THREADS 256
#define BATCH	    1000

struct worker {
	pthread_t thread;
	double seconds;
	uint64_t permission;
	uint64_t access;
	uint64_t nanoseconds;
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	uint64_t start = now(), end = start + (uint64_t)(worker->seconds * 1e9);
	int i;

	do {
		for (i = 0; i < BATCH; i++) {
			errno = 0;
			syscall(SYS_sethostname, "", 0);
			worker->permission += errno == EPERM;
			errno = 0;
			syscall(SYS_setpriority, PRIO_PROCESS, 0, -20);
			worker->access += errno == EACCES;
		}
	} while (now() < end);
	worker->nanoseconds = now() - start;
	return NULL;
}

int main(int argc, char **argv)
{
	static struct worker workers[MAX_THREADS];
	int threads = argc > 2 ? atoi(argv[2]) : 1, i;
	struct worker all = {};

	if (argc < 2 || threads < 1 || threads > MAX_THREADS) {
		fprintf(stderr, "usage: failing SECONDS [THREADS]\n");
		return 2;
	}
	if (setgid(NOBODY) || setuid(NOBODY)) {
		perror("failing: can't become nobody");
		return 1;
	}
	for (i = 0; i < threads; i++) {
		workers[i].seconds = atof(argv[1]);
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			return 1;
	}
	for (i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		all.permission += workers[i].permission;
		all.access += workers[i].access;
		all.nanoseconds += workers[i].nanoseconds;
	}
	printf("EPERM %llu EACCES %llu ns %.1f\n", (unsigned long long)all.permission,
	       (unsigned long long)all.access,
	       (double)all.nanoseconds / (double)(all.permission + all.access));
	return 0;
}
