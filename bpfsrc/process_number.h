/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_PROCESS_NUMBER_H
#define SNOOPKIT_PROCESS_NUMBER_H

#include <linux/types.h>

struct process_question {
	__u32 fd;     /* a file that the process owns */
	__u32 number; /* the answer; 0: none yet */
};

#endif
