/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_EMITTER_H
#define SNOOPKIT_EMITTER_H

#include "event.h"

struct emitted {
	struct event_header header;
	__u64 number;
	char rest[4000]; /* the test decides how much of it is sent */
};

#define EMITTED_HEAD (sizeof(struct event_header) + sizeof(__u64))

#endif
