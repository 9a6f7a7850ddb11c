/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels that a command line means. */
#ifndef SNOOPKIT_KERNELS_H
#define SNOOPKIT_KERNELS_H

#include "base/error.h"

#define KERNELS_MOST 64

/* The releases of the kernels below a root whose files are there, in no order. */
struct kernels {
	char releases[KERNELS_MOST][128];
	int count;
};

/* Finds none where there is no directory of modules. More than KERNELS_MOST are left out. */
void kernels_find(struct kernels *kernels, const char *root);

#endif
