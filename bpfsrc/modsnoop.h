/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_MODSNOOP_H
#define SNOOPKIT_MODSNOOP_H

#include "event.h"
#include "file_id.h"
#include "parameters.h"
#include "path_names.h"

#define MODULE_NAME_SIZE    64 /* MODULE_NAME_LEN is 64 - sizeof(long); some space to grow */
#define MODULE_VERSION_SIZE 64 /* cut if it is longer */
#define PARAMETERS_SIZE	    4096

enum {
	PARAM_PATH = PARAM_TOOL, /* 1: also the path of the module's file */
};

enum module_call {
	CALL_UNKNOWN, /* it began before the probes were attached */
	CALL_INIT_MODULE,
	CALL_FINIT_MODULE,
};

struct modsnoop_event {
	struct event_header header;
	__u64 taints;	     /* bits as in /proc/sys/kernel/tainted */
	struct file_id file; /* if it has a file */
	__u32 pid;
	__u32 uid;
	__s32 result;	  /* 0: its initialisation begins; or the negative errno of a failed load */
	__u32 call;	  /* enum module_call */
	__u32 has_file;	  /* 1: file and file_name are filled in; the path too, with PARAM_PATH */
	__u32 has_module; /* 1: taints, version and srcversion are filled in */
	__u32 parameters; /* offset in strings */
	__u32 parameters_size; /* NUL included; PARAMETERS_SIZE: may have been cut; 0: not known */
	char comm[16];
	char name[MODULE_NAME_SIZE];	   /* "": not known */
	char file_name[MODULE_NAME_SIZE];  /* the last part of the path */
	char version[MODULE_VERSION_SIZE]; /* "": it has none */
	char srcversion[MODULE_VERSION_SIZE];
	struct path_names path;
	struct strings strings;
};

#endif
