/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_SKELSNOOP_H
#define SNOOPKIT_SKELSNOOP_H

#include "event.h"
#include "parameters.h"

enum {
	PARAM_LEADERS = PARAM_TOOL, /* 1: only the end of whole processes */
};

struct skelsnoop_event {
	struct event_header header;
	__u32 pid;
	__u32 tid;
	__u32 uid;
	__s32 status; /* as of wait(2) */
	char comm[16];
};

#endif
