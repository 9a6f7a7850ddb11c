/* SPDX-License-Identifier: GPL-2.0 */
/* From the current task's descriptors to files. */
#include <linux/fdtable.h>
#include <linux/sched.h>

/* The file of a descriptor; NULL where there is none. */
static __always_inline struct file *file_of_descriptor(u32 fd)
{
	struct files_struct *files = READ(my_task()->files);
	struct fdtable table;

	if (bpf_probe_read(&table, sizeof(table), READ(files->fdt)))
		return NULL;
	return fd < table.max_fds ? READ(table.fd[fd]) : NULL;
}
