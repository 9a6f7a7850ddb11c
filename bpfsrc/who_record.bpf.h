/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The records of --who, and what the tool must know to say which command a process came from: the
 * execs and forks of the machine.
 */
#include "path.bpf.h"
#include "who_entries.bpf.h"
#include "who_get.bpf.h"

#define WHO_OVERLAY	  0x794c7630 /* OVERLAYFS_SUPER_MAGIC */
#define WHO_CGROUP_NAME	  256
#define WHO_CTIME_QUERIED (1U << 31) /* I_CTIME_QUERIED, 6.13 */

#define WHO_CGROUP_LEVELS_OF_PART 2
#define WHO_CGROUP_PARTS	  (WHO_CGROUP_LEVELS / WHO_CGROUP_LEVELS_OF_PART)

/* The paths of a record, in the order in which they are walked. */
enum who_path { WHO_PATH_NONE, WHO_PATH_EXE, WHO_PATH_PARENT_EXE, WHO_PATH_CWD };

/*
 * A record that is being made: by who_send() and then, in parts, by who_send_rest(), which calls
 * itself for each part. Unrolled loops would take much longer to compile and to check.
 */
struct who_work {
	u32 is_busy;			/* an interrupt's program may come in between */
	u32 path;			/* enum who_path: the last one that was begun */
	struct task_struct *descendant; /* whose parent is the next ancestor; NULL: there is none */
	struct kernfs_node *cgroup;	/* whose name is the next one; NULL: all are there */
	u64 cgroup_parts;		/* that may follow */
	struct kept_walk walk;
	struct path_names names; /* of that path */
	struct who_record record;
};

BPF_PERCPU_ARRAY(who_works, struct who_work, 1);
BPF_PERCPU_ARRAY(who_execs, struct who_exec, 1);
BPF_TABLE("lru_hash", u32, struct who_credentials, who_before, WHO_ENTRIES);

/* ---- records ---- */

static __always_inline void who_add_namespace(struct who_record *record)
{
	struct task_struct *leader = READ(my_task()->group_leader);
#ifdef HAVE_THREAD_PID
	struct pid *pid = READ(leader->thread_pid);
#else
	struct pid *pid = READ(leader->pids[PIDTYPE_PID].pid);
#endif
	u64 level = READ(pid->level);
	struct upid own = {};

	bpf_probe_read(&own, sizeof(own), (void *)((u64)pid->numbers + level * sizeof(own)));
	record->pid_in_namespace = own.nr;
	record->pid_namespace = own.ns ? READ(own.ns->ns.inum) : 0;
	record->start = READ(leader->WHO_START);
}

/* The next one up; none is left where there is no space or no process. */
static __always_inline void who_add_ancestor(struct who_work *work)
{
	struct who_record *record = &work->record;
	struct task_struct *task = work->descendant;
	u64 i = record->ancestor_count;
	struct who_ancestor *ancestor;

	work->descendant = NULL;
	if (!is_bounded(&i, WHO_ANCESTORS - 1))
		return;
	ancestor = &record->ancestors[i];
	task = READ(task->real_parent);
	task = READ(task->group_leader);
	ancestor->pid = READ(task->tgid);
	if (!ancestor->pid)
		return;
	ancestor->start = READ(task->WHO_START);
	ancestor->exec_id = READ(task->self_exec_id);
	ancestor->flags = READ(task->flags);
	bpf_probe_read(ancestor->comm, sizeof(ancestor->comm), task->comm);
	record->ancestor_count = i + 1;
	work->descendant = task;
}

/* The names of the next of the cgroup's directories, from its own up. */
static __always_inline void who_add_cgroup_part(struct who_work *work)
{
	struct who_record *record = &work->record;
	struct strings *strings = &record->strings;
	struct kernfs_node *node = work->cgroup, *parent;
	u32 i;

#pragma unroll
	for (i = 0; i < WHO_CGROUP_LEVELS_OF_PART; i++) {
		parent = READ(node->WHO_KERNFS_PARENT);
		if (!parent) {
			node = NULL;
			break;
		}
		append_string(strings, READ(node->name), WHO_CGROUP_NAME);
		node = parent;
	}
	work->cgroup_parts--;
	if (node && !work->cgroup_parts) {
		record->cgroup_is_cut = 1;
		node = NULL;
	}
	work->cgroup = node;
	record->cgroup_size = strings->size - record->cgroup_offset;
}

/* The terminal's name without a number, "pts", and its number are values of the task's. */
static __always_inline void who_add_terminal(struct who_record *record)
{
	struct tty_struct *tty = (void *)record->values.tty;

	record->tty[0] = '\0';
	if (tty)
		bpf_probe_read_str(record->tty, sizeof(record->tty), tty->name);
}

/*
 * struct ovl_inode is private to overlayfs: behind its inode is a pointer to the file in the upper
 * directory, NULL if there is none (4.15 to 7.2).
 */
static __always_inline u32 who_is_upper(struct inode *inode)
{
	void *upper = NULL;

	bpf_probe_read(&upper, sizeof(upper), (char *)inode + sizeof(struct inode));
	return upper != NULL;
}

/* Named __i_ctime from 6.6 on, and two members from 6.11 on. */
static __always_inline void who_add_change_time(struct who_record *record, struct inode *inode)
{
#if defined(HAVE_INODE_CTIME)
	record->exe_changed = READ(inode->i_ctime.tv_sec);
	record->exe_changed_nanoseconds = READ(inode->i_ctime.tv_nsec);
#elif defined(HAVE_INODE_CTIME_SEC)
	record->exe_changed = READ(inode->i_ctime_sec);
	record->exe_changed_nanoseconds = READ(inode->i_ctime_nsec) & ~WHO_CTIME_QUERIED;
#else
	record->exe_changed = READ(inode->__i_ctime.tv_sec);
	record->exe_changed_nanoseconds = READ(inode->__i_ctime.tv_nsec);
#endif
}

static __always_inline void who_add_exe(struct who_record *record)
{
	struct file *file = (void *)record->values.exe;
	struct inode *inode;
	struct super_block *super_block;

	if (!file)
		return;
	inode = READ(file->f_inode);
	super_block = READ(inode->i_sb);
	record->has |= WHO_HAS_EXE;
	record->exe_mode = READ(inode->i_mode);
	record->exe_uid = READ(inode->i_uid.val);
	record->exe_gid = READ(inode->i_gid.val);
	record->exe_links = READ(inode->i_nlink);
	who_add_change_time(record, inode);
	record->exe_magic = READ(super_block->s_magic);
	record->exe_file_system = READ(super_block->s_flags);
	record->exe_is_upper = record->exe_magic == WHO_OVERLAY && who_is_upper(inode);
}

static __always_inline void who_add_before(struct who_record *record, u32 tid)
{
	struct who_credentials *before = who_before.lookup(&tid);

	if (!before)
		return;
	record->before = *before;
	record->has |= WHO_HAS_BEFORE;
}

static __always_inline void who_begin_record(struct who_record *record, u32 tid)
{
	record->has = 0;
#ifdef HAVE_LOGINUID
	record->has |= WHO_HAS_LOGIN;
#endif
#ifdef HAVE_SECCOMP_MODE
	record->has |= WHO_HAS_SECCOMP;
#endif
	record->strings.size = 0;
	record->ancestor_count = 0;
	record->cgroup_is_cut = record->cgroup_offset = record->cgroup_size = 0;
	who_add_namespace(record);
	who_add_before(record, tid);
	who_add_terminal(record);
	who_add_exe(record);
}

static __always_inline void who_begin_work(struct who_work *work, u32 tid)
{
	who_begin_record(&work->record, tid);
	work->descendant = my_task();
	work->cgroup = (void *)work->record.values.cgroup;
	work->cgroup_parts = WHO_CGROUP_PARTS;
	work->path = WHO_PATH_NONE;
	work->walk.parts = 0;
}

/* The values that the tool's program has just read; false: another thread has got the entry. */
static __always_inline bool who_take_entry(struct who_record *record, const struct who_entry *entry,
					   u32 tid)
{
	record->number = entry->number;
	bpf_probe_read(&record->values, sizeof(record->values), &entry->values);
	return record->number >> 32 == tid && record->number == *(volatile u64 *)&entry->number;
}

/* A tail call. */
int who_send(void *ctx)
{
	u32 zero = 0, tid = my_tid();
	struct who_entry *entry = who_entries.lookup(&tid);
	struct who_work *work = who_works.lookup(&zero);

	if (!entry || !work || entry->sent || work->is_busy)
		return 0;
	work->is_busy = 1;
	asm volatile("" ::: "memory");
	if (who_take_entry(&work->record, entry, tid)) {
		who_begin_work(work, tid);
		who_programs.call(ctx, WHO_PROGRAM_REST);
	}
	work->is_busy = 0;
	return 0;
}

/* The file that the parent runs; NULL: it is a kernel thread, or has ended. */
static __always_inline struct file *who_parent_exe(void)
{
	struct task_struct *parent = READ(my_task()->real_parent);
	struct mm_struct *mm = READ(parent->mm);

	return mm && !(READ(parent->flags) & WHO_OF_KERNEL) ? READ(mm->exe_file) : NULL;
}

/* The path after the last one that was begun; NULL: there is none. */
static __always_inline struct path *who_next_path(struct who_work *work)
{
	struct who_record *record = &work->record;
	struct file *file = NULL;
	struct fs_struct *fs;

	if (work->path == WHO_PATH_NONE) {
		work->path = WHO_PATH_EXE;
		file = (void *)record->values.exe;
	}
	if (!file && work->path == WHO_PATH_EXE) {
		work->path = WHO_PATH_PARENT_EXE;
		file = who_parent_exe();
		if (file)
			record->has |= WHO_HAS_PARENT_EXE;
	}
	if (file)
		return &file->f_path;
	if (work->path == WHO_PATH_CWD || record->values.flags)
		return NULL;
	work->path = WHO_PATH_CWD;
	record->has |= WHO_HAS_CWD;
	fs = READ(my_task()->fs);
	return &fs->pwd;
}

static __always_inline void who_put_path(struct who_work *work)
{
	if (work->path == WHO_PATH_EXE)
		work->record.exe = work->names;
	else if (work->path == WHO_PATH_PARENT_EXE)
		work->record.parent_exe = work->names;
	else
		work->record.cwd = work->names;
}

/* Walks the next part of the record's paths; false: all are there. */
static __always_inline bool who_walk_on(struct who_work *work)
{
	struct strings *strings = &work->record.strings;
	struct path *path;

	if (!work->walk.parts) {
		path = who_next_path(work);
		if (!path)
			return false;
		begin_walk_in_parts(&work->walk, strings, &work->names, path);
	}
	walk_part(&work->walk, strings, &work->names);
	who_put_path(work);
	return true;
}

/* Adds the next part; false: all are there. The strings of the cgroup and of each path adjoin. */
static __always_inline bool who_add_part(struct who_work *work)
{
	bool more = false;

	if (work->descendant) {
		who_add_ancestor(work);
		more = true;
	}
	if (work->cgroup) {
		who_add_cgroup_part(work);
		return true;
	}
	return who_walk_on(work) || more;
}

static __always_inline int who_put_record(void *ctx, struct who_record *record)
{
	u64 size = record->strings.size;

	if (!is_bounded(&size, STRINGS_SIZE))
		return -1;
	size += offsetof(struct who_record, strings.bytes);
	stamp(&record->header, size);
	record->header.time = 0;
	record->header.added = 0;
	return events.perf_submit(ctx, record, size);
}

static __always_inline void who_end_record(void *ctx, struct who_work *work)
{
	u32 tid = my_tid();
	struct who_entry *entry = who_entries.lookup(&tid);

	if (!who_put_record(ctx, &work->record) && entry && entry->number == work->record.number)
		entry->sent = 1;
}

/* The tail call of who_send(), and of itself for each part. */
int who_send_rest(void *ctx)
{
	u32 zero = 0;
	struct who_work *work = who_works.lookup(&zero);

	if (!work)
		return 0;
	if (who_add_part(work))
		who_programs.call(ctx, WHO_PROGRAM_REST);
	who_end_record(ctx, work);
	asm volatile("" ::: "memory");
	work->is_busy = 0;
	return 0;
}

/* ---- execs and forks ---- */

static __always_inline void who_submit_note(void *ctx, void *note, u64 size)
{
	struct event_header *header = note;

	submit_my_batch(ctx);
	stamp(header, size);
	header->added = WHO_NOTE;
	if (events.perf_submit(ctx, note, size))
		count_lost(1);
}

static __always_inline int who_note_exec(void *ctx)
{
	struct task_struct *leader = READ(my_task()->group_leader);
	struct mm_struct *mm = READ(my_task()->mm);
	u64 start = READ(mm->arg_start), size = READ(mm->arg_end) - start;
	u32 zero = 0;
	struct who_exec *exec = who_execs.lookup(&zero);

	if (!exec)
		return 0;
	exec->note = WHO_EXEC;
	exec->pid = my_pid();
	exec->start = READ(leader->WHO_START);
	exec->exec_id = READ(leader->self_exec_id);
	exec->is_cut = size >= WHO_ARGS_SIZE;
	if (size >= WHO_ARGS_SIZE)
		size = WHO_ARGS_SIZE - 1;
	size &= WHO_ARGS_SIZE - 1;
	if (bpf_probe_read(exec->args, size, (void *)start)) {
		exec->is_cut = 1;
		size = 0;
	}
	exec->size = size;
	/* Read anew: of a constant the verifier before 5.0 makes a size without bounds. */
	size = *(volatile u32 *)&exec->size;
	if (is_bounded(&size, WHO_ARGS_SIZE))
		who_submit_note(ctx, exec, offsetof(struct who_exec, args) + size);
	return 0;
}

/* Of a new process, not of a thread. */
static __always_inline int who_note_fork(void *ctx, struct task_struct *child)
{
	struct task_struct *leader = READ(my_task()->group_leader);
	struct who_fork fork = { .note = WHO_FORK };

	fork.child = READ(child->tgid);
	if (READ(child->pid) != fork.child)
		return 0;
	fork.pid = my_pid();
	fork.start = READ(leader->WHO_START);
	fork.exec_id = READ(child->self_exec_id);
	fork.child_start = READ(child->WHO_START);
	who_submit_note(ctx, &fork, sizeof(fork));
	return 0;
}

/* An exec renames its task before it changes its credentials. */
static __always_inline int who_note_before(void)
{
	struct who_credentials credentials = {};
	u32 tid = my_tid();
	u64 got;

	who_read_my_credentials(&got, &credentials);
	who_before.update(&tid, &credentials);
	return 0;
}

/* raw tracepoint sched_process_exec(task, old pid, bprm) */
int who_on_exec(void *ctx)
{
	return who_note_exec(ctx);
}

/* raw tracepoint sched_process_fork(parent, child) */
int who_on_fork(struct bpf_raw_tracepoint_args *ctx)
{
	return who_note_fork(ctx, (struct task_struct *)ctx->args[1]);
}

/* raw tracepoint task_rename(task, comm) */
int who_on_rename(void *ctx)
{
	return who_note_before();
}
