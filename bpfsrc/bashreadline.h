/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_BASHREADLINE_H
#define SNOOPKIT_BASHREADLINE_H

#include "event.h"
#include "login.h"
#include "parameters.h"

#define LINE_SIZE 16384 /* a power of two, so that a mask can bound a size */

enum {
	PARAM_WITH_LOGIN = PARAM_TOOL, /* 1: fill in login */
};

struct bashreadline_event {
	struct event_header header;
	__u32 pid;
	__u32 uid;
	__u32 line_size;    /* NUL included; LINE_SIZE: the line was cut */
	struct login login; /* unset without PARAM_WITH_LOGIN */
	char comm[16];
	char line[LINE_SIZE]; /* only line_size bytes are sent */
};

#endif
