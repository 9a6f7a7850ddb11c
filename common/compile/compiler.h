/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Source text -> image. A child process compiles with libbcc, sends the image through a pipe and
 * exits: with it end LLVM's memory, libbcc's chdir(), what it prints and the maps that it creates.
 * The child gives up its privileges before libbcc is loaded (confinement.h).
 */
#ifndef SNOOPKIT_COMPILER_H
#define SNOOPKIT_COMPILER_H

#include <stdbool.h>

#include "base/error.h"
#include "compile/feature_test.h"
#include "compile/headers.h"
#include "compile/part.h"
#include "compile/source.h"
#include "image/image.h"
#include "kernel/target.h"

#define COMPILE_DEFINES 128 /* of a request, at most */

struct compile_request {
	const char *tool;    /* its name, which a kept image bears */
	const char *command; /* begins the message that is shown when compiling takes long */
	const char *name;    /* the source's name in clang's messages */
	const char *source;  /* NUL-terminated; in sections (unfold.h), or as it is compiled */
	const struct source_part
		*parts; /* of a source without sections: the files that it is made of; or NULL */
	const struct compile_request
		*beside;	    /* what the image is to be joined with, for its key; or NULL */
	const char *const *defines; /* NAME or NAME=VALUE for clang's -D, up to a NULL; or NULL */
	bool is_own;		    /* the tool's own source, not a user's: see compiler_flags() */
	const struct program_part *part; /* of the tool's own source; NULL: all of it */
	const char *part_key; /* tells that part from others in the cache's key; NULL: all */
	bool usual_flags;     /* the kernel refused what came of the own source's flags */
	const struct feature_test *feature_tests; /* the last one has no define; or NULL */
	const bool *kernel_has;	    /* the result of each test; NULL: test the kernel's headers */
	const char *btf_tracepoint; /* its type's BTF ID goes into the image; or NULL */
	bool casts; /* the BTF IDs for casts of pointers go into the image without it too */
	const struct headers *headers;
	const struct target *target;
	bool keep_privileges; /* compile as root, unconfined */
	bool verbose;	      /* print the compiler's messages also after success */
	int cancel_fd;	      /* when it becomes readable, the compiler is killed; or -1 */
};

/*
 * Returns 0 and an image, for image_free(), or with a message: -ECANCELED, -ENOENT (no libbcc),
 * -EINVAL with the compiler's messages as the error's detail, or another negative errno.
 */
int compile(const struct compile_request *request, struct image **image, struct error *error);

/*
 * The request and the one beside it at the same time, which two CPUs do in the time of the longer
 * one. Both get an image, or neither.
 */
int compile_both(const struct compile_request *request, struct image **image,
		 struct image **image_beside, struct error *error);

/*
 * The compiler's process may need some time more to end, after it has sent the image. This waits
 * for it. compile() itself does so for the one before.
 */
void compile_end(void);

/* The flags that clang gets besides the -D of the feature tests, up to a NULL. */
const char *const *compiler_flags(const struct compile_request *request);

#endif
