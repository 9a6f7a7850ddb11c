/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that were compiled before, here or on another machine: where a tool looks for them. Each
 * directory is trusted by the rules of cache.h, and so is what was compiled elsewhere.
 */
#ifndef SNOOPKIT_PROGRAMS_H
#define SNOOPKIT_PROGRAMS_H

#include "base/error.h"
#include "compile/compiler.h"
#include "image/image.h"

#define PROGRAMS_OF_PACKAGES "/usr/lib/snoopkit/programs"
#define PROGRAMS_DIRECTORY   "/var/lib/snoopkit/programs" /* snoopkit compile writes there */

/* In the order in which they are looked at, up to a NULL. The cache comes after them. */
extern const char *const programs_directories[];

/*
 * The image for just this request's kernel and source, whatever libbcc made it, for image_free();
 * or NULL. request->headers may be NULL, where there are none. directories ends with a NULL. With
 * request->verbose it is said of each file that is not taken why, and so of programs for another
 * build of the kernel.
 */
struct image *programs_find(const char *const *directories, const struct compile_request *request,
			    enum headers_wanted wanted);

/* Adds an image to a directory, which is made with those above it. As cache_add(). */
int programs_add(const char *directory, const struct compile_request *request,
		 enum headers_wanted wanted, const struct image *image);

#endif
