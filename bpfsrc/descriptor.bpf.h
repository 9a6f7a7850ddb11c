/* SPDX-License-Identifier: GPL-2.0 */
/* From the current task's descriptors to files. */
#include <linux/fdtable.h>
#include <linux/sched.h>
#include "trusted.bpf.h"

/* What is needed of the current task's struct fdtable. */
struct descriptors {
	u32 count;
	struct file **files;
};

static __always_inline struct descriptors my_descriptors(void)
{
	struct files_struct *files;
	struct fdtable table;

#ifdef HAVE_TASK_REGISTERS
	if (PARAM(PARAM_BTF)) {
		u64 typed = LOAD(struct task_struct, my_trusted_task(), files);

		typed = LOAD(struct files_struct, typed, fdt);
		if (!typed) /* for the verifier, where the kernel's types say that it is under RCU
			     */
			return (struct descriptors){};
		return (struct descriptors){
			.count = LOAD(struct fdtable, typed, max_fds),
			.files = (void *)LOAD(struct fdtable, typed, fd),
		};
	}
#endif
	files = READ(my_task()->files);
	if (bpf_probe_read(&table, sizeof(table), READ(files->fdt)))
		return (struct descriptors){};
	return (struct descriptors){ table.max_fds, table.fd };
}

/* The file of a descriptor; NULL where there is none. */
static __always_inline struct file *file_of_descriptor(u32 fd)
{
	struct descriptors descriptors = my_descriptors();

	return fd < descriptors.count ? READ(descriptors.files[fd]) : NULL;
}
