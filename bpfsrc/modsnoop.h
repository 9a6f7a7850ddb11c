/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_MODSNOOP_H
#define SNOOPKIT_MODSNOOP_H

#include "event.h"
#include "parameters.h"

#define MODULE_NAME_SIZE 64 /* MODULE_NAME_LEN is 64 - sizeof(long); some space to grow */
#define PARAMETERS_SIZE	 4096

struct modsnoop_event {
	struct event_header header;
	__u64 taints; /* bits as in /proc/sys/kernel/tainted */
	__u32 pid;
	__u32 uid;
	__u32 parameters_known; /* 1: parameters is filled in */
	__u32 parameters_size;	/* NUL included; PARAMETERS_SIZE: may have been cut */
	char comm[16];
	char name[MODULE_NAME_SIZE];
	char parameters[PARAMETERS_SIZE]; /* only parameters_size bytes are sent */
};

#endif
