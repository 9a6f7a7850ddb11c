/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_ELFSNOOP_H
#define SNOOPKIT_ELFSNOOP_H

#include "event.h"
#include "file_id.h"
#include "parameters.h"
#include "path_names.h"

enum {
	PARAM_FAILED = PARAM_TOOL, /* 1: only failed loads */
};

struct elfsnoop_event {
	struct event_header header;
	struct file_id file;
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	__s32 ret;
	__u32 filename;		     /* offset in the strings */
	__u32 interpreter;	     /* offset in the strings; equal to filename: not a script */
	__u32 in_directory;	     /* 1: filename is a script's and relative to directory */
	struct path_names elf;	     /* the file that is loaded */
	struct path_names directory; /* the working directory */
	struct strings strings;
};

#endif
