/* SPDX-License-Identifier: GPL-2.0 */
/* execsnoop --tree: the ancestors of a process, by which the tool finds its place in the tree. */
BPF_PERCPU_ARRAY(found_ancestors, struct exec_ancestors, 1);

/* The next ancestor; the first process of all is its own parent in some kernels, or has none. */
static __always_inline struct task_struct *note_parent(struct exec_process *process,
						       struct task_struct *task)
{
	struct task_struct *parent = READ(task->real_parent);

	process->pid = READ(parent->tgid);
	process->start = process->pid ? start_of(parent) : 0;
	return parent;
}

/* Appends them to the text of an event; returns the size, 0 if there is no room. */
static __always_inline u64 append_ancestors(struct execsnoop_event *event)
{
	u64 at = event->filename_size + event->args_size;
	struct task_struct *task = my_task();
	struct exec_ancestors *ancestors;
	u32 zero = 0;
	int i;

	ancestors = found_ancestors.lookup(&zero);
	if (!ancestors || !is_bounded(&at, EXEC_FILENAME_SIZE + EXEC_ARGS_SIZE))
		return 0;
#pragma unroll
	for (i = 0; i < EXEC_ANCESTORS; i++)
		task = note_parent(&ancestors->processes[i], task);
	bpf_probe_read(event->text + at, sizeof(*ancestors), ancestors);
	event->ancestors_size = sizeof(*ancestors);
	return sizeof(*ancestors);
}
