/* SPDX-License-Identifier: GPL-2.0 */
/* Finds the file of a descriptor of the current task. */
#include <linux/fdtable.h>
#include <linux/sched.h>
#include "trusted.bpf.h"

/*
 * The pointer at an address. A load has a constant offset: the address is taken for the start of
 * the array in struct files_struct, and what is there for a pointer to a struct file.
 */
static __always_inline u64 load_pointer(u64 address)
{
	u64 files = (u64)cast_pointer(address - offsetof(struct files_struct, fd_array),
				      PARAM(PARAM_FILES_TYPE));

	return LOAD_AT(files, offsetof(struct files_struct, fd_array), u64);
}

/* A pointer in the task. LOAD() would make the start longer: task is a trusted pointer. */
#define TASK_POINTER(task, member) load_pointer((u64)(task) + offsetof(struct task_struct, member))

/* The table of descriptors of a task, which is a trusted pointer. */
static __always_inline u64 load_files(struct task_struct *task)
{
	if (!PARAM(PARAM_FILES_TYPE))
		return LOAD(struct task_struct, task, files);
	return (u64)cast_pointer(TASK_POINTER(task, files), PARAM(PARAM_FILES_TYPE));
}

/* The members that are used of the current task's struct fdtable. */
struct descriptors {
	u32 count;
	struct file **files;
};

static __always_inline struct descriptors read_descriptors(void)
{
	struct files_struct *files = READ(my_task()->files);
	struct fdtable table;

	if (bpf_probe_read(&table, sizeof(table), READ(files->fdt)))
		return (struct descriptors){};
	return (struct descriptors){ table.max_fds, table.fd };
}

static __always_inline struct descriptors load_descriptors(void)
{
#ifdef HAVE_TASK_REGISTERS
	if (PARAM(PARAM_BTF)) {
		u64 trusted_files = load_files(my_trusted_task());
		u64 trusted_table = LOAD(struct files_struct, trusted_files, fdt);

		/* The verifier requires this check where BTF marks fdt as __rcu. */
		if (!trusted_table)
			return (struct descriptors){};
		return (struct descriptors){
			.count = LOAD(struct fdtable, trusted_table, max_fds),
			.files = (void *)LOAD(struct fdtable, trusted_table, fd),
		};
	}
#endif
	return read_descriptors();
}

static __always_inline struct file *file_at(struct descriptors descriptors, u32 fd)
{
	return fd < descriptors.count ? READ(descriptors.files[fd]) : NULL;
}

/*
 * Both return NULL if no file is open as fd. The first is for what happens often: the second takes
 * five times as long, but adds nothing to the tool's start (see trusted.bpf.h).
 */
static __always_inline struct file *file_of_descriptor(u32 fd)
{
	return file_at(load_descriptors(), fd);
}

static __always_inline struct file *read_file_of_descriptor(u32 fd)
{
	return file_at(read_descriptors(), fd);
}

/* Whether another task uses the current task's table of descriptors too, and may change it. */
static __always_inline bool has_shared_descriptors(void)
{
	struct files_struct *table;

#ifdef HAVE_TASK_REGISTERS
	if (PARAM(PARAM_BTF)) {
		u64 trusted_table = load_files(my_trusted_task());

		return LOAD(struct files_struct, trusted_table, count.counter) > 1;
	}
#endif
	table = READ(my_task()->files);
	return READ(table->count.counter) > 1;
}
