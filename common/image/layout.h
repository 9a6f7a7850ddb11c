/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a program's instructions. */
#ifndef SNOOPKIT_LAYOUT_H
#define SNOOPKIT_LAYOUT_H

#include "image/image.h"

/*
 * LLVM puts the parts of a program in an order of its own, and jumps backward where that suits it.
 * This puts them so that every jump goes forward: that there is no loop, which kernels before 5.3
 * refuse, can then be seen at a glance. A program with a loop is left as it is. Returns 0 or
 * -ENOMEM.
 */
int layout_forward(struct image_program *program);

#endif
