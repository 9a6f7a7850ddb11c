// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "features/follow.h"
#include "kernel/bpf.h"

#define EXITING	       0x4		  /* PF_EXITING, include/linux/sched.h */
#define INITIAL_PID_NS "pid:[4026531836]" /* PROC_PID_INIT_INO, include/linux/proc_ns.h */

struct process {
	pid_t pid;
	pid_t parent;
	pid_t group;
	unsigned int flags;
	unsigned long long start; /* in clock ticks since the machine started */
	bool followed;
};

struct processes {
	struct process *list; /* sorted by PID */
	size_t count;
	bool failed; /* memory ran out, or /proc can't be read: the list is incomplete */
};

/* A file "stat" below /proc, see proc_pid_stat(5): the name in it may hold anything. */
static bool read_stat(int directory, const char *path, struct process *process)
{
	char *text, *after_comm;
	size_t size;
	bool done;

	text = file_read_at(directory, path, &size);
	after_comm = text ? strrchr(text, ')') : NULL;
	done = after_comm &&
	       sscanf(after_comm,
		      ") %*c %d %d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		      "%llu",
		      &process->parent, &process->group, &process->flags, &process->start) == 4;
	free(text);
	return done;
}

static bool read_process(const char *pid, struct process *process)
{
	char path[64];

	if (!isdigit((unsigned char)*pid))
		return false;
	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	*process = (struct process){ .pid = atoi(pid) };
	return read_stat(AT_FDCWD, path, process);
}

bool follow_is_alive(int directory)
{
	struct process thread;
	struct dirent *entry;
	char path[300];
	bool alive = false;
	int fd = openat(directory, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *threads = fd < 0 ? NULL : fdopendir(fd);

	while (threads && !alive && (entry = readdir(threads))) {
		snprintf(path, sizeof(path), "task/%s/stat", entry->d_name);
		alive = isdigit((unsigned char)entry->d_name[0]) &&
			read_stat(directory, path, &thread) && !(thread.flags & EXITING);
	}
	if (threads)
		closedir(threads);
	else if (fd >= 0)
		close(fd);
	return alive;
}

static int open_process(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The process that a thread belongs to, 0 where there is none of that number. */
static pid_t process_of(int directory)
{
	char *text, *line;
	size_t size;
	pid_t pid = 0;

	text = file_read_at(directory, "status", &size);
	line = text ? strstr(text, "\nTgid:") : NULL;
	if (line)
		pid = atoi(line + strlen("\nTgid:"));
	free(text);
	return pid;
}

static int check_process(int directory, pid_t pid, struct error *error)
{
	pid_t process = directory < 0 ? 0 : process_of(directory);

	if (!process)
		return error_set(error, ESRCH, "no process %d", pid);
	if (process != pid)
		return error_set(error, ESRCH, "%d is a thread of process %d", pid, process);
	if (!follow_is_alive(directory))
		return error_set(error, ESRCH, "process %d has ended", pid);
	return 0;
}

int follow_open(pid_t pid, struct error *error)
{
	char name[64] = "";
	int directory, err;

	if (readlink("/proc/self/ns/pid", name, sizeof(name) - 1) > 0 &&
	    strcmp(name, INITIAL_PID_NS))
		return error_set(error, ESRCH,
				 "this PID namespace has numbers of its own: run it in "
				 "the initial one");
	directory = open_process(pid);
	err = check_process(directory, pid, error);
	if (err && directory >= 0)
		close(directory);
	return err ? err : directory;
}

int follow_add(int map, pid_t pid)
{
	uint32_t key = (uint32_t)pid, yes = 1;

	return bpf_update(map, &key, &yes, BPF_ANY);
}

static int compare_pids(const void *a, const void *b)
{
	const struct process *left = a, *right = b;

	return left->pid < right->pid ? -1 : left->pid > right->pid;
}

static struct process *find_process(const struct processes *processes, pid_t pid)
{
	const struct process key = { .pid = pid };

	return bsearch(&key, processes->list, processes->count, sizeof(key), compare_pids);
}

static void read_processes(struct processes *processes)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t room = 0;

	*processes = (struct processes){ .failed = !proc };
	while (proc && (entry = readdir(proc))) {
		if (processes->count == room) {
			struct process *list;

			room = room ? 2 * room : 1024;
			list = realloc(processes->list, room * sizeof(*list));
			if (!list) {
				processes->failed = true;
				break;
			}
			processes->list = list;
		}
		processes->count += read_process(entry->d_name, &processes->list[processes->count]);
	}
	if (proc)
		closedir(proc);
	if (processes->count) /* qsort() must not get NULL, even for no elements */
		qsort(processes->list, processes->count, sizeof(*processes->list), compare_pids);
}

/*
 * Marks root and its descendants, but not this process and not its process group, unless root
 * belongs to that group.
 */
static void mark_descendants(struct processes *processes, pid_t root)
{
	struct process *process = find_process(processes, root), *parent;
	pid_t group = getpgrp();
	bool marked = true;
	size_t i;

	if (!process)
		return;
	process->followed = true;
	if (process->group == group)
		group = 0;
	while (marked) {
		marked = false;
		for (i = 0; i < processes->count; i++) {
			process = &processes->list[i];
			parent = find_process(processes, process->parent);
			if (process->followed || !parent || !parent->followed ||
			    process->pid == getpid() || process->group == group)
				continue;
			process->followed = marked = true;
		}
	}
}

/* Whether that process is still there, and not another one of its number. */
static bool is_still_there(const struct process *process)
{
	int directory = open_process(process->pid);
	struct process now = {};
	bool same;

	if (directory < 0)
		return false;
	same = read_stat(directory, "stat", &now) && now.start == process->start &&
	       follow_is_alive(directory);
	close(directory);
	return same;
}

/* Puts those that are marked and new into the map. Returns how many, or a negative errno. */
static int add_marked(int map, const struct processes *processes, pid_t root)
{
	uint32_t value, key;
	int added = 0, err;
	size_t i;

	for (i = 0; i < processes->count; i++) {
		key = (uint32_t)processes->list[i].pid;
		if (!processes->list[i].followed || processes->list[i].pid == root ||
		    !bpf_lookup(map, &key, &value))
			continue;
		err = follow_add(map, (pid_t)key);
		if (err)
			return err;
		/* One that had ended before it was put in would stay, and so would its number. */
		if (is_still_there(&processes->list[i]))
			added++;
		else
			bpf_delete(map, &key);
	}
	return added;
}

int follow_descendants(int map, pid_t root)
{
	struct processes processes;
	int added;

	/*
	 * Once more after each that was added: it may have forked after /proc was read and before
	 * it was in the map.
	 */
	do {
		read_processes(&processes);
		mark_descendants(&processes, root);
		added = processes.failed ? -ENOMEM : add_marked(map, &processes, root);
		free(processes.list);
	} while (added > 0);
	return added;
}
