/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_BASHREADLINE_H
#define SNOOPKIT_BASHREADLINE_H

#include "event.h"
#include "parameters.h"

#define LINE_SIZE 16384 /* a power of two, so that a mask can bound a size */

struct bashreadline_event {
	struct event_header header;
	__u32 pid;
	__u32 uid;
	__u32 line_size; /* NUL included; LINE_SIZE: the line was cut */
	char comm[16];
	char line[LINE_SIZE]; /* only line_size bytes are sent */
};

#endif
