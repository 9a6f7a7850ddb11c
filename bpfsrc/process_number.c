/* SPDX-License-Identifier: GPL-2.0 */
/*
 * No tool, but a question to the kernel: the number that BPF programs see for a process which a
 * tool in another PID namespace calls by another number. The tool makes the process the owner of
 * one of its files (F_SETOWN_EX of fcntl(2)), where the kernel keeps its struct pid.
 */
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include "prelude.bpf.h"
#include "process_number.h"

BPF_ARRAY(question, struct process_question, 1);

/* f_owner is a struct fown_struct before 6.12, and a pointer to one from then on. */
static __always_inline struct pid *owner_of(struct file *file)
{
	void *owner = &file->f_owner;

	if (__builtin_types_compatible_p(typeof(file->f_owner), struct fown_struct *))
		bpf_probe_read(&owner, sizeof(owner), owner);
	return owner ? READ(((struct fown_struct *)owner)->pid) : NULL;
}

/* perf event: a page fault of the tool's own thread */
int on_page_fault(void *ctx)
{
	u32 zero = 0;
	struct process_question *asked = question.lookup(&zero);
	struct files_struct *files;
	struct file **descriptors;
	struct fdtable *table;
	struct pid *pid;

	if (!asked)
		return 0;
	files = READ(my_task()->files);
	table = READ(files->fdt);
	descriptors = READ(table->fd);
	if (asked->fd >= READ(table->max_fds))
		return 0;
	pid = owner_of(READ(descriptors[asked->fd]));
	/* In the initial namespace, whose level is 0. */
	if (pid)
		asked->number = READ(pid->numbers[0].nr);
	return 0;
}
