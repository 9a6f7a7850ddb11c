// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/lru.h"
#include "features/who_commands.h"
#include "kernel/pid_namespace.h"
#include "who_record.h"

#define MOST		 16384 /* processes */
#define PROC_TIME	 (500 * MILLISECOND)
#define TICK		 10000000ULL /* nanoseconds: USER_HZ is 100 on all machines */
#define PID_BITS	 22	     /* PID_MAX_LIMIT */
#define START_FIELD	 22	     /* of /proc/PID/stat, counted from 1 */
#define FIELD_AFTER_COMM 3

struct who_commands {
	struct lru *by_id;
};

static uint64_t id_of(uint64_t ticks, uint32_t pid)
{
	return ticks << PID_BITS | (pid & ((1U << PID_BITS) - 1));
}

uint64_t who_process_id(uint32_t pid, uint64_t start)
{
	return id_of(start / TICK, pid);
}

static void release(void *context, uint64_t id, void *value)
{
	struct who_command *command = value;

	(void)context;
	(void)id;
	if (!--command->references)
		free(command);
}

struct who_commands *who_commands_new(void)
{
	struct who_commands *commands = calloc(1, sizeof(*commands));

	if (!commands)
		return NULL;
	commands->by_id = lru_new(MOST, release, NULL);
	if (!commands->by_id) {
		free(commands);
		return NULL;
	}
	return commands;
}

/* Without memory the process has no command line, rather than that of an earlier program. */
static void put(struct who_commands *commands, uint64_t id, const struct who_command *like,
		const char *args)
{
	size_t size = like->size;
	struct who_command *command = malloc(sizeof(*command) + size + 1);

	if (!command) {
		size = 0;
		command = malloc(sizeof(*command) + 1);
	}
	if (!command)
		return;
	*command = *like;
	command->references = 1;
	command->is_cut = like->is_cut || size < like->size;
	command->size = size;
	memcpy(command->args, args, size);
	command->args[size] = '\0';
	lru_put(commands->by_id, id, command);
}

void who_commands_take_exec(struct who_commands *commands, const struct who_exec *exec)
{
	const struct who_command like = {
		.is_cut = exec->is_cut,
		.has_exec_id = true,
		.exec_id = exec->exec_id,
		.size = exec->size < WHO_ARGS_SIZE ? exec->size : WHO_ARGS_SIZE,
	};

	put(commands, who_process_id(exec->pid, exec->start), &like, exec->args);
}

static struct who_command *find(struct who_commands *commands, uint64_t id, uint64_t exec_id)
{
	struct who_command *command = lru_find(commands->by_id, id);

	if (command && !command->has_exec_id) {
		command->has_exec_id = true;
		command->exec_id = exec_id;
	}
	return command && command->exec_id == exec_id ? command : NULL;
}

void who_commands_take_fork(struct who_commands *commands, const struct who_fork *fork)
{
	struct who_command *command =
		find(commands, who_process_id(fork->pid, fork->start), fork->exec_id);

	if (!command)
		return;
	command->references++;
	lru_put(commands->by_id, who_process_id(fork->child, fork->child_start), command);
}

const struct who_command *who_commands_find(struct who_commands *commands, uint64_t id,
					    uint64_t exec_id)
{
	return find(commands, id, exec_id);
}

/* ---- what was there before ---- */

/* The ticks at which it started; 0 if the text of /proc/PID/stat does not say. */
static uint64_t start_of(const char *stat)
{
	const char *at = strrchr(stat, ')');
	int field;

	for (field = FIELD_AFTER_COMM - 1; at && field < START_FIELD; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

/* A process as the child below reads it; size bytes of arguments follow. */
struct found {
	uint64_t id;
	uint32_t size;
	uint32_t is_cut;
};

static void write_process(FILE *pipe, const char *pid)
{
	struct found found = {};
	char path[64];
	char *stat, *args;
	uint64_t ticks;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	stat = file_read(path, &size);
	ticks = stat ? start_of(stat) : 0;
	free(stat);
	snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
	args = ticks ? file_read(path, &size) : NULL;
	if (args && size) {
		found.id = id_of(ticks, (uint32_t)strtoul(pid, NULL, 10));
		found.is_cut = size > WHO_ARGS_SIZE;
		found.size = found.is_cut ? WHO_ARGS_SIZE : (uint32_t)size;
		fwrite(&found, sizeof(found), 1, pipe);
		fwrite(args, 1, found.size, pipe);
	}
	free(args);
}

static void write_processes(int fd)
{
	FILE *pipe = fdopen(fd, "w");
	DIR *directory = opendir("/proc");
	const struct dirent *entry;

	while (pipe && directory && (entry = readdir(directory)))
		if (isdigit((unsigned char)*entry->d_name))
			write_process(pipe, entry->d_name);
	if (pipe)
		fclose(pipe);
	_exit(0);
}

/* Up to the end of what was written, or the deadline. */
static void read_pipe(int fd, struct buffer *text)
{
	uint64_t deadline = clock_now() + PROC_TIME;
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char part[4096];
	ssize_t size;

	while (poll(&ready, 1, clock_milliseconds_until(deadline)) > 0) {
		size = read(fd, part, sizeof(part));
		if (size <= 0)
			return;
		buffer_append(text, part, (size_t)size);
	}
}

static void take_processes(struct who_commands *commands, const struct buffer *text)
{
	struct found found;
	size_t at = 0;

	while (text->size - at >= sizeof(found)) {
		memcpy(&found, text->data + at, sizeof(found));
		at += sizeof(found);
		if (found.size > text->size - at)
			return;
		put(commands, found.id,
		    &(struct who_command){
			    .is_cut = found.is_cut, .is_from_proc = true, .size = found.size },
		    text->data + at);
		at += found.size;
	}
}

/*
 * A process can let everybody wait who reads its command line, as long as it likes
 * (userfaultfd(2)). So a child reads them, for a limited time.
 */
void who_commands_read_proc(struct who_commands *commands)
{
	struct buffer text = {};
	int fds[2];
	pid_t child;

	if (!pid_namespace_is_initial() || pipe2(fds, O_CLOEXEC))
		return;
	child = fork();
	if (!child)
		write_processes(fds[1]);
	close(fds[1]);
	if (child > 0) {
		read_pipe(fds[0], &text);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		take_processes(commands, &text);
	}
	close(fds[0]);
	buffer_free(&text);
}

void who_commands_free(struct who_commands *commands)
{
	if (!commands)
		return;
	lru_free(commands->by_id);
	free(commands);
}
