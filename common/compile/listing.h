/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbcc's listing of compiled programs: which line of the source each instruction comes from. It
 * is the only way to the debugging information that clang made (src/cc/bcc_debug.cc in BCC's
 * source):
 *
 *     Disassembly of function NAME
 *     ; the line's text // Line 367
 *        0:	bf 17 00 00 00 00 00 00	r7 = r1
 */
#ifndef SNOOPKIT_LISTING_H
#define SNOOPKIT_LISTING_H

#include <stdint.h>

/* Where the listing begins in what libbcc printed, or NULL. */
char *listing_find(char *messages);

/*
 * The line of each of the program's count instructions, 0 where the listing has none. malloc'ed;
 * NULL if the program is not listed, or without memory.
 */
uint32_t *listing_lines(const char *listing, const char *program, uint32_t count);

#endif
