/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_MODSNOOP_H
#define SNOOPKIT_MODSNOOP_H

#include "event.h"
#include "parameters.h"

#define MODULE_NAME_SIZE 64 /* MODULE_NAME_LEN, and what it may grow to */
#define PARAMETERS_SIZE	 4096

struct modsnoop_event {
	struct event_header header;
	__u64 taints; /* bits as in /proc/sys/kernel/tainted */
	__u32 pid;
	__u32 uid;
	__u32 parameters_known; /* 1: parameters holds them */
	__u32 parameters_size;	/* with the NUL; PARAMETERS_SIZE: there may be more of them */
	char comm[16];
	char name[MODULE_NAME_SIZE];
	char parameters[PARAMETERS_SIZE]; /* only parameters_size of it are sent */
};

#endif
