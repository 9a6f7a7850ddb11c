/* SPDX-License-Identifier: GPL-2.0 */
/*
 * elfsnoop: ELF loads.
 *
 * An event is sent when load_elf_binary() returns. Its argument, a struct linux_binprm, says what
 * is loaded, and stays valid until after the return. The map loads is keyed by task_struct: if a
 * thread other than the first of its process calls exec, its TID changes before the return, but its
 * task_struct does not.
 */
#include <linux/binfmts.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include "prelude.bpf.h"
#include "filter.bpf.h"
#include "cgroup_filter.bpf.h"
#include "submit.bpf.h"
#include "path.bpf.h"
#include "file_id.bpf.h"
#include "elfsnoop.h"

#define MAX_FILENAME	4096 /* PATH_MAX */
#define LOADS_IN_FLIGHT 32768
#define ENOEXEC		8 /* asm-generic/errno-base.h; macros are not in BTF */

/* No LRU map: a program that keeps many loads waiting would have others' entries evicted. */
BPF_HASH(loads, u64, struct linux_binprm *, LOADS_IN_FLIGHT);
BPF_PERCPU_ARRAY(scratch, struct elfsnoop_event, 1);

/*
 * Kernels that run 32-bit programs have two load_elf_binary(), and each is called for a program
 * that the one before it does not take (ENOEXEC, search_binary_handler() in fs/exec.c). Only what
 * the last one says is the program's result: the tool writes here how many there are. What the
 * first one did not take is in the map untaken until the next is called.
 */
BPF_ARRAY(handlers, u32, 1);
BPF_HASH(untaken, u64, struct linux_binprm *, LOADS_IN_FLIGHT);

static __always_inline bool is_wanted(int ret)
{
	if (PARAM(PARAM_FAILED) && ret >= 0)
		return false;
	return is_my_pid_wanted() && is_my_uid_wanted() && in_wanted_cgroup();
}

static __always_inline void fill_in_task(struct elfsnoop_event *event)
{
	struct task_struct *parent = READ(my_task()->real_parent);

	event->pid = my_pid();
	event->ppid = READ(parent->tgid);
	event->uid = my_uid();
}

static __always_inline void fill_in_file(struct elfsnoop_event *event, struct file *file)
{
	read_file_id(&event->file, file);
	append_path(&event->strings, &event->elf, READ(file->f_path.mnt),
		    READ(file->f_path.dentry));
}

static __always_inline void fill_in_names(struct elfsnoop_event *event, struct linux_binprm *bprm)
{
	const char *filename = READ(bprm->filename), *interp = READ(bprm->interp);
	char first = 0;

	event->strings.size = 0;
	event->filename = event->interpreter = 0;
	event->in_directory = 0;
	append_string(&event->strings, filename, MAX_FILENAME);
	if (interp == filename)
		return;
	event->interpreter = event->strings.size;
	append_string(&event->strings, interp, MAX_FILENAME);
	bpf_probe_read(&first, sizeof(first), filename);
	if (first != '/') {
		event->in_directory = 1;
		append_working_directory(&event->strings, &event->directory);
	}
}

static __always_inline void submit_event(void *ctx, struct elfsnoop_event *event)
{
	u64 size = event->strings.size;

	if (size <= STRINGS_SIZE)
		submit(ctx, event, offsetof(struct elfsnoop_event, strings.bytes) + size);
}

static __always_inline int report_load(void *ctx, struct linux_binprm *bprm, int ret)
{
	struct elfsnoop_event *event;
	u32 zero = 0;

	if (!is_wanted(ret))
		return 0;
	event = scratch.lookup(&zero);
	if (!event)
		return 0;
	event->ret = ret;
	fill_in_task(event);
	fill_in_names(event, bprm);
	fill_in_file(event, READ(bprm->file));
#ifdef WITH_WHO
	who_programs.call(ctx, WHO_PROGRAM_SUBMIT);
#else
	submit_event(ctx, event);
#endif
	return 0;
}

#ifdef WITH_WHO
/* A tail call: the walks of the paths leave no room for who did it. */
int who_submit(void *ctx)
{
	u32 zero = 0;
	struct elfsnoop_event *event = scratch.lookup(&zero);

	if (event)
		submit_event(ctx, event);
	return 0;
}
#endif

/* kprobe load_elf_binary(bprm) */
int on_load(struct pt_regs *ctx)
{
	struct linux_binprm *bprm = (void *)PT_REGS_PARM1(ctx);
	u64 task = (u64)my_task();

	/* A leftover entry: the kretprobe missed a return (too many calls in flight). */
	if (loads.lookup(&task))
		count_lost(1);
	if (loads.update(&task, &bprm))
		count_lost(1);
	return 0;
}

/* Whether another load_elf_binary() will be called for a program that this one did not take. */
static __always_inline bool is_left_to_next(u64 task, struct linux_binprm *bprm, int ret)
{
	u32 zero = 0, *count = handlers.lookup(&zero);
	struct linux_binprm **before = untaken.lookup(&task);
	bool is_second = before && *before == bprm;

	if (before)
		untaken.delete(&task);
	return ret == -ENOEXEC && !is_second && count && *count == 2 &&
	       !untaken.update(&task, &bprm);
}

/* kretprobe load_elf_binary */
int on_load_return(struct pt_regs *ctx)
{
	u64 task = (u64)my_task();
	struct linux_binprm **entry = loads.lookup(&task), *bprm;
	int ret = PT_REGS_RC(ctx);

	if (!entry)
		return 0;
	bprm = *entry;
	loads.delete(&task);
	if (is_left_to_next(task, bprm, ret))
		return 0;
	return report_load(ctx, bprm, ret);
}

/* raw tracepoint sched_process_exec(task, old pid, bprm) */
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	return report_load(ctx, (struct linux_binprm *)ctx->args[2], 0);
}
