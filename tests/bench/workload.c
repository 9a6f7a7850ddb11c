// SPDX-License-Identifier: Apache-2.0
/*
 * workload KIND COUNT RATE PROCESSES ARGUMENT: does what a tool traces, COUNT times in each of
 * PROCESSES processes, at RATE a second each. RATE 0 is as fast as possible.
 *
 *   open      opens and closes the file ARGUMENT
 *   exec      executes ARGUMENT (exec_chain), which executes itself
 *   fail      a syscall that fails with EPERM, for lack of a capability
 *   identity  a change of identity that changes nothing
 *   tty       writes a line to a pty
 *   shell     writes a line to standard output, which is /dev/null
 *   readline  reads a line by libreadline
 *   connect   makes a TCP connection to itself on loopback and accepts it
 *   reset     tries to connect to a port of 127.9.9.9 where nobody listens
 *
 * It prints "ready PID TTY", waits for a line on standard input, does the work and prints "count N
 * elapsed N busy N median N cpu N" for all processes together. count is a number of events, the
 * others are nanoseconds: elapsed of the whole run, busy, median and cpu of one event. It ends at
 * the end of its standard input.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
/* after stdio.h */
#include <readline/readline.h>

#include "workload.h"

#define NOBODY	      65534
#define REFUSING      0x7f090909 /* 127.9.9.9, which events of tcpreset are known by */
#define MAX_PROCESSES 64
#define BATCH	      50   /* events timed together at full speed */
#define LINES	      1000 /* readline reads this many, then starts again */

struct job {
	const struct kind *kind;
	uint64_t count;
	uint64_t rate;
	int processes;
	const char *argument;
	char tty[64];
	pid_t reader;
	int lines;
	int listener;
	struct sockaddr_in address;
	uint64_t lines_read;
};

struct kind {
	const char *name;
	int (*prepare)(struct job *job);
	void (*once)(struct job *job);
	int (*begin)(struct job *job); /* in each process */
};

/*
 * Not constant, so that its page is present: a write to /dev/null does not touch the text, and a
 * BPF program can't read a page that was never touched.
 */
static char line[] = "A line that a shell may well have written: " MARKER "\n";

static int fail(const char *what)
{
	fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
	return -1;
}

static void open_once(struct job *job)
{
	int fd = open(job->argument, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
}

static int become_nobody(struct job *job)
{
	(void)job;
	prctl(PR_SET_NAME, MARKER);
	return setgid(NOBODY) || setuid(NOBODY) ? fail("can't become nobody") : 0;
}

static void fail_once(struct job *job)
{
	(void)job;
	syscall(SYS_sethostname, "", 0);
}

static void keep_identity(struct job *job)
{
	(void)job;
	/* The raw syscall: the C library's has all threads call it. */
	syscall(SYS_setresuid, -1, -1, -1);
}

static int output_to_nothing(struct job *job)
{
	int fd = open("/dev/null", O_WRONLY);

	(void)job;
	return fd < 0 || dup2(fd, STDOUT_FILENO) < 0 ? fail("/dev/null") : 0;
}

/* Reads what is written to the tty, as a terminal does. */
static void __attribute__((noreturn)) read_all(int fd)
{
	static char bytes[65536];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	_exit(0);
}

static int output_to_tty(struct job *job)
{
	struct termios settings;
	int master, slave;

	if (openpty(&master, &slave, job->tty, NULL, NULL))
		return fail("openpty");
	tcgetattr(slave, &settings);
	cfmakeraw(&settings);
	tcsetattr(slave, TCSANOW, &settings);
	job->reader = fork();
	if (!job->reader) {
		close(slave);
		read_all(master);
	}
	close(master);
	return job->reader < 0 || dup2(slave, STDOUT_FILENO) < 0 ? fail("the tty's reader") : 0;
}

static void write_once(struct job *job)
{
	(void)job;
	if (write(STDOUT_FILENO, line, sizeof(line) - 1) < 0)
		exit(1);
}

/* The process needs bash's comm, because the tools ignore other users of libreadline. */
static int prepare_lines(struct job *job)
{
	(void)job;
	prctl(PR_SET_NAME, "bash");
	rl_outstream = fopen("/dev/null", "w");
	return rl_outstream ? 0 : fail("/dev/null");
}

static int begin_lines(struct job *job)
{
	int i;

	job->lines = memfd_create("lines", MFD_CLOEXEC);
	for (i = 0; i < LINES; i++)
		if (write(job->lines, MARKER "\n", sizeof(MARKER)) < 0)
			return fail("memfd");
	rl_instream = fdopen(job->lines, "r");
	return 0;
}

static void readline_once(struct job *job)
{
	if (job->lines_read++ % LINES == 0)
		lseek(job->lines, 0, SEEK_SET);
	free(readline(""));
}

static int name_process(struct job *job)
{
	(void)job;
	return prctl(PR_SET_NAME, MARKER) ? fail("prctl") : 0;
}

static int take_port(struct job *job, in_addr_t address)
{
	socklen_t size = sizeof(job->address);

	job->address.sin_family = AF_INET;
	job->address.sin_addr.s_addr = htonl(address);
	job->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(job->listener, (struct sockaddr *)&job->address, size) ||
	    getsockname(job->listener, (struct sockaddr *)&job->address, &size))
		return fail("can't take a port");
	return 0;
}

static int begin_listening(struct job *job)
{
	int err = take_port(job, INADDR_LOOPBACK);

	return err || listen(job->listener, 16) ? fail("can't listen") : 0;
}

static int begin_refusing(struct job *job)
{
	return take_port(job, REFUSING);
}

static void be_refused(struct job *job)
{
	int client = socket(AF_INET, SOCK_STREAM, 0);

	if (!connect(client, (struct sockaddr *)&job->address, sizeof(job->address)) ||
	    errno != ECONNREFUSED)
		exit(fail("a connection that was to be refused") ? 1 : 0);
	close(client);
}

/* The connection ends by a reset: otherwise its port would be taken for a minute. */
static void connect_once(struct job *job)
{
	struct linger reset = { .l_onoff = 1 };
	int client = socket(AF_INET, SOCK_STREAM, 0), accepted;

	setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(client, (struct sockaddr *)&job->address, sizeof(job->address)))
		exit(1);
	accepted = accept(job->listener, NULL, NULL);
	close(client);
	close(accepted);
}

static const struct kind kinds[] = {
	{ "open", NULL, open_once, NULL },
	{ "exec", NULL, NULL, NULL },
	{ "fail", become_nobody, fail_once, NULL },
	{ "identity", become_nobody, keep_identity, NULL },
	{ "tty", output_to_tty, write_once, NULL },
	{ "shell", output_to_nothing, write_once, NULL },
	{ "readline", prepare_lines, readline_once, begin_lines },
	{ "connect", name_process, connect_once, begin_listening },
	{ "reset", NULL, be_refused, begin_refusing },
};

static int compare_times(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static struct result run_at_full_speed(struct job *job)
{
	uint64_t batches = (job->count + BATCH - 1) / BATCH, start = read_clock(CLOCK_MONOTONIC);
	uint64_t *times = calloc(batches, sizeof(*times)), before = start, now = start, i;
	struct result result = { .count = batches * BATCH };
	int j;

	for (i = 0; times && i < batches; i++, before = now) {
		for (j = 0; j < BATCH; j++)
			job->kind->once(job);
		now = read_clock(CLOCK_MONOTONIC);
		times[i] = (now - before) / BATCH;
	}
	result.elapsed = result.busy = now - start;
	if (times)
		qsort(times, batches, sizeof(*times), compare_times);
	result.median = times ? times[batches / 2] : 0;
	free(times);
	return result;
}

static struct result run_at_rate(struct job *job)
{
	uint64_t *times = calloc(job->count, sizeof(*times)), start = read_clock(CLOCK_MONOTONIC),
		 i;
	struct result result = { .count = job->count };

	for (i = 0; times && i < job->count; i++) {
		sleep_until(start + i * 1000000000 / job->rate);
		times[i] = read_clock(CLOCK_MONOTONIC);
		job->kind->once(job);
		times[i] = read_clock(CLOCK_MONOTONIC) - times[i];
		result.busy += times[i];
	}
	result.elapsed = read_clock(CLOCK_MONOTONIC) - start;
	if (times)
		qsort(times, job->count, sizeof(*times), compare_times);
	result.median = times ? times[job->count / 2] : 0;
	free(times);
	return result;
}

/* The last of the chain writes the result. */
static void __attribute__((noreturn)) run_chain(const struct job *job, int result_fd)
{
	char count[24], rate[24], fd[16];

	snprintf(count, sizeof(count), "%llu", (unsigned long long)job->count);
	snprintf(rate, sizeof(rate), "%llu", (unsigned long long)job->rate);
	snprintf(fd, sizeof(fd), "%d", result_fd);
	execl(job->argument, job->argument, MARKER, fd, count, rate, NULL);
	_exit(fail(job->argument) ? 127 : 0);
}

static void __attribute__((noreturn)) run_process(struct job *job, int result_fd)
{
	struct result result;
	uint64_t cpu;

	if (!job->kind->once)
		run_chain(job, result_fd);
	if (job->kind->begin && job->kind->begin(job))
		_exit(1);
	cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	result = job->rate ? run_at_rate(job) : run_at_full_speed(job);
	result.cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	_exit(write(result_fd, &result, sizeof(result)) != sizeof(result));
}

static int run_processes(struct job *job, struct result *sum)
{
	struct result result;
	int fds[2], i;
	pid_t pid;

	if (pipe(fds))
		return fail("pipe");
	for (i = 0; i < job->processes; i++) {
		pid = fork();
		if (!pid)
			run_process(job, fds[1]);
		if (pid < 0)
			return fail("fork");
	}
	close(fds[1]);
	for (i = 0; i < job->processes; i++) {
		if (read(fds[0], &result, sizeof(result)) != sizeof(result))
			return fail("a process ended early");
		sum->count += result.count;
		sum->busy += result.busy;
		sum->cpu += result.cpu;
		sum->median += result.median / (unsigned int)job->processes;
		if (result.elapsed > sum->elapsed)
			sum->elapsed = result.elapsed;
	}
	close(fds[0]);
	return 0;
}

static int parse(struct job *job, int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 6 && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].name, argv[1]))
			job->kind = &kinds[i];
	if (!job->kind)
		return -1;
	job->count = strtoull(argv[2], NULL, 10);
	job->rate = strtoull(argv[3], NULL, 10);
	job->processes = atoi(argv[4]);
	job->argument = argv[5];
	return job->count && job->processes > 0 && job->processes <= MAX_PROCESSES ? 0 : -1;
}

int main(int argc, char **argv)
{
	int report = dup(STDOUT_FILENO);
	struct job job = { .tty = "-" };
	char go[8];

	if (parse(&job, argc, argv)) {
		fprintf(stderr,
			"usage: workload open|exec|fail|identity|tty|shell|readline|connect|reset "
			"COUNT RATE PROCESSES ARGUMENT\n");
		return 2;
	}
	if (job.kind->prepare && job.kind->prepare(&job))
		return 1;
	dprintf(report, "ready %d %s\n", getpid(), job.tty);
	/* It runs until the input ends, because a tool ends with what it watches. */
	while (read(STDIN_FILENO, go, sizeof(go)) > 0) {
		struct result sum = {};

		if (run_processes(&job, &sum))
			return 1;
		dprintf(report, "count %llu elapsed %llu busy %.1f median %llu cpu %.1f\n",
			(unsigned long long)sum.count, (unsigned long long)sum.elapsed,
			(double)sum.busy / (double)sum.count, (unsigned long long)sum.median,
			(double)sum.cpu / (double)sum.count);
	}
	if (job.reader)
		kill(job.reader, SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}
