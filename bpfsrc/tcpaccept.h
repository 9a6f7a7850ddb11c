/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_TCPACCEPT_H
#define SNOOPKIT_TCPACCEPT_H

#include "endpoints.h"
#include "event.h"

enum {
	PARAM_BACKLOG = PARAM_SOCKET_TOOL, /* 1: look up the listening socket */
	PARAM_WAIT,			   /* 1: note when connections are established */
	PARAM_LISTEN,			   /* 1: show new listeners */
};

#define ACCEPT_WAITING	 65536 /* established connections that nobody has accepted yet */
#define ACCEPT_LISTENERS 16384

enum accept_kind {
	ACCEPT_CONNECTION,
	ACCEPT_LISTENER, /* a socket begins to listen */
	ACCEPT_REPLACED, /* the new descriptor was another file's before it could be looked at */
};

struct tcpaccept_event {
	struct event_header header;
	struct endpoints ends;
	__u64 waited; /* nanoseconds; 0: not known */
	__u32 pid;
	__u32 tid;
	__u32 uid;
	__u32 kind;
	__u32 has_backlog; /* 1: the next two are known */
	__u32 backlog;	   /* connections that wait in the listening socket */
	__u32 max_backlog;
	__u32 unused;
	char comm[16];
};

#endif
