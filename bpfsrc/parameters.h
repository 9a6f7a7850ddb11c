/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers of load-time parameters: those of all tools, then each tool's own from PARAM_TOOL on. */
#ifndef SNOOPKIT_PARAMETERS_H
#define SNOOPKIT_PARAMETERS_H

#include <linux/types.h>

enum {
	PARAM_CGROUP_SET = 1,	   /* 1: only tasks with their cgroup in cgroup_set */
	PARAM_MOUNT_NAMESPACE_SET, /* 1: only tasks with their namespace in mount_namespace_set */
	PARAM_TRUSTED_TASK,	   /* always 1: see trusted.bpf.h */
	PARAM_BTF,		   /* 1: the kernel has BTF, so trusted pointers exist */
	PARAM_PID,		   /* only this process; 0: any */
	PARAM_TID,		   /* only this thread; 0: any */
	PARAM_UID_SET,		   /* 1: only the user PARAM_UID */
	PARAM_UID,
	PARAM_FILES_TYPE, /* BTF ID of struct files_struct; 0: the kernel can't cast_pointer() */
	PARAM_CGROUP,	  /* 1: only tasks in wanted_cgroup or below it */
	PARAM_TASK_TYPE,  /* as PARAM_FILES_TYPE, of struct task_struct */
	PARAM_TOOL = 16,
};

#endif
