// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "features/follow.h"

#define EXITING	       0x4		  /* PF_EXITING, include/linux/sched.h */
#define INITIAL_PID_NS "pid:[4026531836]" /* PROC_PID_INIT_INO, include/linux/proc_ns.h */

struct process {
	pid_t pid;
	pid_t parent;
	pid_t group;
	unsigned int flags;
	bool followed;
};

struct processes {
	struct process *list; /* sorted by PID */
	size_t count;
	bool failed; /* memory ran out, or /proc can't be read: the list is incomplete */
};

/* Reads /proc/PID/stat (proc(5)). The comm in it can contain anything, also ")" and newlines. */
static bool read_stat(const char *path, struct process *process)
{
	char *text, *after_comm;
	size_t size;
	bool done;

	text = file_read(path, &size);
	after_comm = text ? strrchr(text, ')') : NULL;
	done = after_comm && sscanf(after_comm, ") %*c %d %d %*d %*d %*d %u", &process->parent,
				    &process->group, &process->flags) == 3;
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
	return read_stat(path, process);
}

bool follow_is_alive(pid_t pid)
{
	struct process thread;
	struct dirent *entry;
	char path[300];
	bool alive = false;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	threads = opendir(path);
	while (threads && !alive && (entry = readdir(threads))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", pid, entry->d_name);
		alive = isdigit((unsigned char)entry->d_name[0]) && read_stat(path, &thread) &&
			!(thread.flags & EXITING);
	}
	if (threads)
		closedir(threads);
	return alive;
}

/* The process that a thread belongs to; 0 if there is no such thread. */
static pid_t process_of(pid_t tid)
{
	char path[64], *text, *line;
	size_t size;
	pid_t pid = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	text = file_read(path, &size);
	line = text ? strstr(text, "\nTgid:") : NULL;
	if (line)
		pid = atoi(line + strlen("\nTgid:"));
	free(text);
	return pid;
}

int follow_check(pid_t pid, struct error *error)
{
	pid_t process = process_of(pid);
	char name[64] = "";

	if (readlink("/proc/self/ns/pid", name, sizeof(name) - 1) > 0 &&
	    strcmp(name, INITIAL_PID_NS))
		return error_set(error, ESRCH,
				 "PIDs in this PID namespace are not the kernel's: run it in "
				 "the initial PID namespace");
	if (!process)
		return error_set(error, ESRCH, "no process %d", pid);
	if (process != pid)
		return error_set(error, ESRCH, "%d is a thread of process %d", pid, process);
	if (!follow_is_alive(pid))
		return error_set(error, ESRCH, "process %d has ended", pid);
	return 0;
}

int follow_add(int map, pid_t pid)
{
	uint32_t key = (uint32_t)pid, yes = 1;

	return bpf_map_update_elem(map, &key, &yes, BPF_ANY) ? -errno : 0;
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

/* Adds the marked processes that the map does not have. Returns how many, or a negative errno. */
static int add_marked(int map, const struct processes *processes, pid_t root)
{
	uint32_t value, key;
	int added = 0, err;
	size_t i;

	for (i = 0; i < processes->count; i++) {
		key = (uint32_t)processes->list[i].pid;
		if (!processes->list[i].followed || processes->list[i].pid == root ||
		    !bpf_map_lookup_elem(map, &key, &value))
			continue;
		err = follow_add(map, (pid_t)key);
		if (err)
			return err;
		/*
		 * If the process ended before it was added, nothing removes it, and another process
		 * that gets its PID would be followed.
		 */
		if (follow_is_alive((pid_t)key))
			added++;
		else
			bpf_map_delete_elem(map, &key);
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
