/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_SHELLSNOOP_H
#define SNOOPKIT_SHELLSNOOP_H

#include "written.h"

enum {
	PARAM_SHELL = PARAM_WRITE_TOOL, /* the PID that is watched */
	PARAM_CHILDREN,			/* 1: its descendants too */
};

#endif
