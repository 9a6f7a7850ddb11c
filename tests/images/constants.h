/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verifier before 5.0 makes of a comparison of two constants. It does not see that one of
 * the two ways is impossible (is_branch_taken() in kernel/bpf/verifier.c came in 5.0) and goes
 * both. On the impossible one it does not learn of a constant what the comparison says, or only if
 * the compiler put it on the left: 4,096 may go on as "at most 128" or as 4,096. As a helper's size
 * or in an address that is refused.
 *
 * A load-time parameter is a constant, of any value: the loader fills it in.
 *
 * Nor does it know what was put on the stack and is read back, or that two registers have the same
 * number: a helper's size has to be bounded by a comparison or a mask, in its own register.
 */
#ifndef SNOOPKIT_CONSTANTS_H
#define SNOOPKIT_CONSTANTS_H

#include <stdint.h>

#include "image/image.h"

/*
 * The first instruction that such a number can reach as a helper's size or as part of an address,
 * or that has a size without a bound; or the number of instructions if there is none. All jumps
 * must go forward.
 */
uint32_t constants_find_fault(const struct image_program *program);

#endif
