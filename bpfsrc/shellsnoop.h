/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_SHELLSNOOP_H
#define SNOOPKIT_SHELLSNOOP_H

#include "written.h"

enum {
	PARAM_SHELL = PARAM_WRITE_TOOL, /* the watched PID */
	PARAM_CHILDREN,			/* 1: also its descendants */
};

#endif
