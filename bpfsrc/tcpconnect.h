/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_TCPCONNECT_H
#define SNOOPKIT_TCPCONNECT_H

#include "endpoints.h"
#include "event.h"

enum {
	PARAM_RESULT = PARAM_SOCKET_TOOL, /* 1: show a connect when its result is known */
	PARAM_FAILED,			  /* 1: only connects that fail; with PARAM_RESULT */
	PARAM_COUNT,			  /* 1: count instead of showing */
	PARAM_PUBLIC,			  /* 1: only to public addresses */
};

#define CONNECTS_IN_FLIGHT 16384
#define CONNECT_COUNTERS   65536

enum connect_result {
	CONNECT_BEGAN,	 /* the result was not waited for */
	CONNECT_ENDED,	 /* ret is the result */
	CONNECT_CLOSED,	 /* the socket was closed before there was a result */
	CONNECT_UNKNOWN, /* the result can't be known: too many at a time */
};

struct tcpconnect_event {
	struct event_header header;
	struct endpoints ends; /* local_port is 0 where it is not known */
	__u64 began;	       /* nanoseconds of CLOCK_MONOTONIC */
	__u32 pid;
	__u32 tid;
	__u32 uid;
	__s32 ret; /* 0 or a negative errno */
	__u32 result;
	__u32 unused;
	char comm[16];
};

/* A key of the map counts is the endpoints with local_port 0. */

#endif
