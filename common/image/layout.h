/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the basic blocks in a program. */
#ifndef SNOOPKIT_LAYOUT_H
#define SNOOPKIT_LAYOUT_H

#include "image/image.h"

/*
 * Reorders a program so that every jump goes forward. LLVM places blocks as it likes and also jumps
 * backward without a loop. Kernels before 5.3 refuse loops; after this a loop is easy to find,
 * because only loops jump backward. Leaves a program with a loop, or with calls of its own
 * functions, as it is. Returns 0 or -ENOMEM.
 */
int layout_forward(struct image_program *program);

#endif
