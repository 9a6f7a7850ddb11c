/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbcc's C interface (src/cc/bcc_common.h in BCC's source), opened with dlopen(): a tool that
 * links libbcc pays 23 ms and 65 MB at each start.
 *
 * An opened libbcc stays loaded. When it compiles, it changes the working directory, prints to
 * stdout and stderr, and creates maps. Compile only in a child process (compiler.h does).
 */
#ifndef SNOOPKIT_LIBBCC_H
#define SNOOPKIT_LIBBCC_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "image/image.h"

#define LIBBCC_SOURCE_NAME "/virtual/main.c" /* the source's name in clang's messages */

struct libbcc {
	char path[PATH_MAX]; /* of the library that was loaded */

	/* The functions that are used, under shorter names; for libbcc.c only. */
	void *(*create)(const char *text, unsigned int flags, const char **cflags, int cflag_count,
			bool allow_rlimit, const char *device);
	void (*destroy)(void *module);
	unsigned int (*kern_version)(void *module);
	size_t (*num_functions)(void *module);
	const char *(*function_name)(void *module, size_t id);
	void *(*function_start)(void *module, size_t id);
	size_t (*function_size)(void *module, size_t id);
	size_t (*num_tables)(void *module);
	const char *(*table_name)(void *module, size_t id);
	int (*table_fd)(void *module, size_t id);
	int (*table_type)(void *module, size_t id);
	size_t (*table_key_size)(void *module, size_t id);
	size_t (*table_leaf_size)(void *module, size_t id);
	size_t (*table_max_entries)(void *module, size_t id);
	int (*table_flags)(void *module, size_t id);
};

/*
 * Loads libbcc (25 ms). Returns 0, or with a message: -ENOENT where it is not installed (the
 * message names the package), -ENOEXEC where it is there, but the dynamic linker can't load it (the
 * message has the linker's reason) or a function is missing.
 */
int libbcc_open(struct libbcc *bcc, struct error *error);

/*
 * The path of libbcc, as the dynamic linker finds it; size is that of path in bytes. Loads libbcc:
 * not for a process that goes on to trace. Errors as for libbcc_open().
 */
int libbcc_find(char *path, size_t size, struct error *error);

/*
 * Compiles a source with clang's flags. With a listing, the programs' instructions go to stderr,
 * each after its line of the source (listing.h). Returns libbcc's module, for libbcc_destroy(), or
 * NULL after clang's messages went to stderr. A mistake that only LLVM's code generator finds ends
 * the process.
 */
void *libbcc_compile(const struct libbcc *bcc, const char *source, const char **flags,
		     int flag_count, bool listing);
void libbcc_destroy(const struct libbcc *bcc, void *module);

/*
 * Copies a module's maps and programs into an image, for image_free(). Instructions refer to maps
 * by their index in the image, and all jumps go forward where they can (image/layout.h).
 * tracepoint_btf_id and kernel_has are 0. The listing gives the
 * instructions their lines; NULL: they get none. Returns 0 or a negative errno with a message.
 */
int libbcc_make_image(const struct libbcc *bcc, void *module, const char *listing,
		      struct image **image, struct error *error);

/*
 * Identifies the file of a library: "PATH size N time N.N inode N". The text changes when the file
 * is replaced. size is that of text in bytes. Returns 0 or a negative errno.
 */
int libbcc_identity(const char *path, char *text, size_t size);

/* Whether the library that an identity names still has that identity. */
bool libbcc_is_unchanged(const char *identity);

#endif
