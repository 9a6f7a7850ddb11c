/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Source text -> image, by libbcc. The compiler runs in a child process that opens libbcc with
 * dlopen: LLVM's memory, what libbcc prints, its chdir() and the maps it creates end with it.
 */
#ifndef SNOOPKIT_COMPILER_H
#define SNOOPKIT_COMPILER_H

#include <stdbool.h>
#include <stddef.h>

#include "compile/headers.h"
#include "image/image.h"
#include "compile/feature_test.h"

struct compile_request {
	const char *tool;   /* who speaks on the terminal when it takes long */
	const char *name;   /* what clang's messages call the source */
	const char *source; /* NUL-terminated */
	bool is_own;	    /* it is a tool's own, as it was tried */
	const struct feature_test *feature_tests; /* up to one without define; NULL is none */
	const bool *kernel_has;			  /* to each of them; NULL: the headers are asked */
	const char *btf_tracepoint; /* what a program is for that is loaded as such; NULL: none */
	const struct headers *headers;
	const struct kernel *kernel;
	bool verbose;  /* show what libbcc and clang print, also when all is well */
	int cancel_fd; /* the compilation is given up once this is readable; -1 for none */
};

/*
 * Returns 0 and an image, to be freed with image_free(). Errors, each with a line: -ECANCELED,
 * -ENOENT (no libbcc), -EINVAL with clang's messages as the error's detail, and others.
 */
int compile(const struct compile_request *request, struct image **image, struct error *error);

/*
 * The path of libbcc, as the dynamic linker finds it: -ENOENT with a line that names the package to
 * install, or says that it is too old. Loads it, which takes 25 ms and stays: not for a process
 * that goes on to trace.
 */
int compiler_find(char *path, size_t size, struct error *error);

/* What clang is given besides the source and the answers, up to a NULL: for the cache's key. */
const char *const *compiler_flags(const struct compile_request *request);

/*
 * Which library it is: "PATH size N time N.N inode N", a line that changes when the file is
 * replaced. Returns 0 or a negative errno.
 */
int compiler_identity(const char *path, char *text, size_t size);

/* Whether that line is still true of the library that it names. */
bool compiler_is_unchanged(const char *identity);

#endif
