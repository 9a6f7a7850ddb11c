// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "kernel/descriptors.h"
#include "kernel/monitor.h"
#include "kernel/privileges.h"
#include "kernel/syscall_filter.h"

#define NAME "snoop-monitor" /* pkill execsnoop is for the tool alone */

#define PATIENCE (300 * MILLISECOND) /* with the helper's answer, on a busy machine too */
#define PAUSE	 (3 * SECOND)	     /* after an answer that did not come */
#define HELPERS	 16		     /* the last of them, whose PIDs nobody else gets */
#define TOLD	 8		     /* of these, those that the asking process knows */

struct request {
	uint32_t question; /* index */
	uint32_t zero;
	uint64_t argument;
};

struct offer {
	const struct monitor_question *question;
	void *context;
};

/* A process has one monitor, as it has one set of privileges. */
static struct {
	struct offer offers[MONITOR_QUESTIONS];
	uint32_t count;
	uint64_t capabilities;
	uint64_t helpers_capabilities;
	struct buffer kept; /* descriptors */
	int socket;	    /* -1: there is no monitor */
	pid_t pid;
	struct user user; /* in the monitor: what it has become */
	bool is_helper;
	pid_t helpers[TOLD]; /* the last that the answers told of */
	bool is_lost;	     /* it has ended or was stopped: it is asked nothing any more */
} monitor = { .socket = -1 };

/* In the monitor: its helper. */
static struct {
	int monitors_socket;
	int socket; /* -1: there is none */
	pid_t pids[HELPERS];
	unsigned int next; /* place of the next one's PID */
	uint64_t pause_end;
} helper = { .socket = -1 };

void monitor_offer(const struct monitor_question *question, void *context, uint64_t capabilities)
{
	assert(monitor.count < MONITOR_QUESTIONS);
	monitor.offers[monitor.count++] = (struct offer){ question, context };
	monitor.capabilities |= capabilities;
	if (question->can_block)
		monitor.helpers_capabilities |= capabilities;
}

void monitor_keep(int fd)
{
	if (fd >= 0)
		buffer_append(&monitor.kept, &fd, sizeof(fd));
}

uint64_t monitor_capabilities(void)
{
	return monitor.capabilities;
}

pid_t monitor_pid(void)
{
	return monitor.socket >= 0 ? monitor.pid : 0;
}

static void clear(struct monitor_answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	memset(answer->fds, -1, sizeof(answer->fds));
}

/* ---- in the monitor ---- */

static_assert(MONITOR_FDS <= DESCRIPTORS_MOST, "an answer's descriptors go with one message");

/* Where the process has ended, the next read says so. */
static void send_answer(int socket, const struct monitor_answer *answer)
{
	size_t count = 0;

	while (count < MONITOR_FDS && answer->fds[count] >= 0)
		count++;
	descriptors_send(socket, answer, sizeof(*answer), answer->fds, count, 0);
}

static int receive(int socket, struct monitor_answer *answer)
{
	int fds[MONITOR_FDS];
	ssize_t size = descriptors_receive(socket, answer, sizeof(*answer), fds, MONITOR_FDS);

	memcpy(answer->fds, fds, sizeof(fds));
	if (size == sizeof(*answer))
		return 0;
	return size == -EAGAIN ? -EAGAIN : -EPIPE;
}

static int converse(int socket, const struct request *request, struct monitor_answer *answer)
{
	if (send(socket, request, sizeof(*request), MSG_NOSIGNAL) != sizeof(*request))
		return -EPIPE;
	return receive(socket, answer);
}

static void answer_here(const struct request *request, struct monitor_answer *answer)
{
	const struct offer *offer = &monitor.offers[request->question];

	clear(answer);
	offer->question->answer(offer->context, request->argument, answer);
}

/* Closes the answer's descriptors. */
static void hand_over(int socket, struct monitor_answer *answer)
{
	size_t i;

	send_answer(socket, answer);
	for (i = 0; i < MONITOR_FDS; i++)
		if (answer->fds[i] >= 0)
			close(answer->fds[i]);
}

static bool is_valid(const struct request *request, ssize_t size)
{
	return size == sizeof(*request) && request->question < monitor.count && !request->zero;
}

static bool is_last(const struct request *request)
{
	return monitor.is_helper && monitor.offers[request->question].question->gives_up;
}

/* A request that the tool's own code never makes is the last one. */
static void serve(int socket,
		  void (*answer)(const struct request *request, struct monitor_answer *answer))
{
	struct monitor_answer found;
	struct request request;
	ssize_t size;

	for (;;) {
		size = recv(socket, &request, sizeof(request), MSG_TRUNC);
		if (size < 0 && errno == EINTR)
			continue;
		if (!is_valid(&request, size))
			return;
		answer(&request, &found);
		hand_over(socket, &found);
		if (is_last(&request))
			return;
	}
}

/* ---- the monitor's helper ---- */

static void set_alarm(uint64_t nanoseconds)
{
	struct itimerval in = { .it_value.tv_usec = (suseconds_t)(nanoseconds / 1000) };

	setitimer(ITIMER_REAL, &in, NULL);
}

/* The signal ends also a wait in the kernel for what another process holds. */
static void answer_in_time(const struct request *request, struct monitor_answer *answer)
{
	set_alarm(PATIENCE);
	answer_here(request, answer);
	set_alarm(0);
}

static void let_alarm_kill(void)
{
	sigset_t alarm;

	signal(SIGALRM, SIG_DFL);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
}

static void __attribute__((noreturn)) run_helper(int socket, const struct user *user)
{
	monitor.is_helper = true;
	let_alarm_kill();
	if (privileges_give_up(monitor.helpers_capabilities, user))
		_exit(1);
	serve(socket, answer_in_time);
	_exit(0);
}

/* The PID of one that has ended is kept until the tool can't take it for the helper's any more. */
static pid_t *place_for_helper(void)
{
	pid_t *place = &helper.pids[helper.next++ % HELPERS];

	if (*place > 0)
		waitpid(*place, NULL, WNOHANG);
	return place;
}

/* The timeout is for a helper that not even a signal ends. */
static int start_helper(void)
{
	const struct timeval timeout = { .tv_usec = 2 * PATIENCE / 1000 };
	pid_t *place = place_for_helper();
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	*place = fork();
	if (!*place) {
		close(fds[0]);
		close(helper.monitors_socket);
		run_helper(fds[1], &monitor.user);
	}
	close(fds[1]);
	if (*place < 0 || setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout))) {
		close(fds[0]);
		*place = *place < 0 ? 0 : *place;
		return -EAGAIN;
	}
	helper.socket = fds[0];
	return 0;
}

static void drop_helper(void)
{
	close(helper.socket);
	helper.socket = -1;
}

static void ask_helper(const struct request *request, struct monitor_answer *answer)
{
	int err = 0;

	clear(answer);
	if (clock_now() < helper.pause_end)
		err = -EBUSY;
	else if (helper.socket < 0)
		err = start_helper();
	if (!err && converse(helper.socket, request, answer)) {
		drop_helper();
		helper.pause_end = clock_now() + PAUSE;
		clear(answer);
		err = -ETIMEDOUT;
	} else if (!err && monitor.offers[request->question].question->gives_up) {
		drop_helper();
	}
	if (err)
		answer->result = err;
	answer->helper = helper.next ? helper.pids[(helper.next - 1) % HELPERS] : 0;
}

/* A kernel without filters: the capabilities are gone all the same. */
int monitor_give_up(void)
{
	int err = monitor.is_helper ? privileges_give_up(0, &monitor.user) : 0;

	if (!err && monitor.is_helper)
		syscall_filter_set(FILTER_HELPER);
	return err;
}

static void answer_or_ask(const struct request *request, struct monitor_answer *answer)
{
	if (monitor.offers[request->question].question->can_block)
		ask_helper(request, answer);
	else
		answer_here(request, answer);
}

static void end(void)
{
	struct monitor_answer answer;
	uint32_t i;

	for (i = 0; i < monitor.count; i++) {
		if (!monitor.offers[i].question->at_end)
			continue;
		clear(&answer);
		monitor.offers[i].question->answer(monitor.offers[i].context, 0, &answer);
	}
}

static void __attribute__((noreturn)) run(int socket, const struct user *user)
{
	monitor.socket = -1;
	monitor.user = *user;
	helper.monitors_socket = socket;
	monitor_keep(socket);
	descriptors_close_others((int *)monitor.kept.data, monitor.kept.size / sizeof(int));
	descriptors_occupy_standard();
	if (privileges_give_up(monitor.capabilities, user))
		_exit(1);
	/* A kernel without filters: the process that asks says so. */
	syscall_filter_set(FILTER_MONITOR);
	serve(socket, answer_or_ask);
	end();
	_exit(0);
}

/* ---- in the process that asks ---- */

/*
 * Signals of the terminal and of service managers go to the tool and to the monitor, which blocks
 * them all: it waits for the tool's end. It has its name from the first moment on, so that whoever
 * lists the tool's children can tell it.
 */
static pid_t fork_monitor(void)
{
	sigset_t all, before;
	char name[16] = "";
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, NAME);
	pid = fork();
	if (pid) {
		prctl(PR_SET_NAME, name);
		sigprocmask(SIG_SETMASK, &before, NULL);
	}
	return pid;
}

static void answer_ready(void *context, uint64_t argument, struct monitor_answer *answer)
{
	(void)context;
	(void)argument;
	(void)answer;
}

static const struct monitor_question question_ready = { .answer = answer_ready };

/* How long to wait for an answer until the monitor is looked at. */
static const struct timeval look = { .tv_usec = 200000 };

static bool is_stopped(void)
{
	siginfo_t info = {};

	return !waitid(P_PID, (id_t)monitor.pid, &info, WSTOPPED | WNOHANG | WNOWAIT) &&
	       info.si_pid;
}

/* What stops the tool and its monitor together continues them one after the other. */
static bool stays_stopped(void)
{
	const struct timespec moment = { .tv_nsec = 100 * MILLISECOND };

	if (!is_stopped())
		return false;
	nanosleep(&moment, NULL);
	return is_stopped();
}

/* Whoever stops the monitor does not hold up the tool. */
static bool is_lost(void)
{
	if (!monitor.is_lost)
		monitor.is_lost =
			waitpid(monitor.pid, NULL, WNOHANG) == monitor.pid || stays_stopped();
	return monitor.is_lost;
}

int monitor_start(const struct user *user, struct error *error)
{
	int fds[2];

	monitor_offer(&question_ready, NULL, 0);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return error_set(error, errno, "can't make a socket pair: %s", strerror(errno));
	privileges_limit(monitor.capabilities);
	monitor.pid = fork_monitor();
	if (!monitor.pid)
		run(fds[1], user);
	close(fds[1]);
	if (monitor.pid < 0 || setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &look, sizeof(look))) {
		close(fds[0]);
		return error_set(error, errno, "can't start the monitor: %s", strerror(errno));
	}
	monitor.socket = fds[0];
	monitor.is_lost = false;
	return 0;
}

static int find(const struct monitor_question *question, const void *context)
{
	uint32_t i;

	for (i = 0; i < monitor.count; i++)
		if (monitor.offers[i].question == question && monitor.offers[i].context == context)
			return (int)i;
	return -EPERM;
}

static void note_helper(pid_t pid)
{
	if (!pid || pid == monitor.helpers[0])
		return;
	memmove(monitor.helpers + 1, monitor.helpers, (TOLD - 1) * sizeof(pid));
	monitor.helpers[0] = pid;
}

bool monitor_has_pid(pid_t pid)
{
	size_t i;

	for (i = 0; pid && i < TOLD; i++)
		if (pid == monitor.helpers[i])
			return true;
	return pid && pid == monitor_pid();
}

static void forget_pids(void)
{
	monitor.pid = 0;
	memset(monitor.helpers, 0, sizeof(monitor.helpers));
}

/* An answer may take long, but a monitor that was stopped gives none. */
static int ask(const struct request *request, struct monitor_answer *answer)
{
	int err;

	if (monitor.is_lost)
		return -EPIPE;
	err = converse(monitor.socket, request, answer);
	while (err == -EAGAIN && !is_lost())
		err = receive(monitor.socket, answer);
	return err;
}

void monitor_ask(const struct monitor_question *question, void *context, uint64_t argument,
		 struct monitor_answer *answer)
{
	struct request request = { .argument = argument };
	int index, err;

	clear(answer);
	if (monitor.socket < 0) {
		question->answer(context, argument, answer);
		return;
	}
	index = find(question, context);
	request.question = (uint32_t)index;
	err = index < 0 ? index : ask(&request, answer);
	if (err) {
		clear(answer);
		answer->result = err;
	}
	note_helper(answer->helper);
}

void monitor_await(void)
{
	struct monitor_answer answer;

	monitor_ask(&question_ready, NULL, 0, &answer);
}

bool monitor_has_ended(void)
{
	if (!monitor.pid || !is_lost())
		return false;
	forget_pids();
	return true;
}

void monitor_stop(void)
{
	if (monitor.socket >= 0)
		close(monitor.socket);
	if (monitor.pid > 0 && !monitor.is_lost) {
		while (waitpid(monitor.pid, NULL, WUNTRACED) < 0 && errno == EINTR)
			;
	}
	buffer_free(&monitor.kept);
	monitor.socket = -1;
	forget_pids();
	monitor.count = 0;
	monitor.capabilities = 0;
	monitor.helpers_capabilities = 0;
}
