/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled images on disk: in the cache, and in the other directories of programs.h. A file's name
 * is the hash of its key, and the file repeats the key. It is trusted only if the directory and the
 * file belong to root, only root can write them, and no symbolic link led to them; and if the
 * checksum and every field of the image are right. A file that is not trusted counts as missing,
 * never as an error.
 *
 * A stored image is never changed. Storing an image removes old files: images of the same tool
 * except the CACHE_IMAGES that were used last, and temporary files of processes that were killed.
 * An image's last use is its access or modification time, whichever is later. Other files stay:
 * those whose names do not have the cache's form, links, and files that are not root's own.
 */
#ifndef SNOOPKIT_CACHE_H
#define SNOOPKIT_CACHE_H

#include "base/error.h"
#include "compile/compiler.h"
#include "image/image.h"

#define CACHE_DIRECTORY "/var/cache/snoopkit"
#define CACHE_IMAGES	32 /* kept of each tool: for kernels, options and edited sources */

struct cache_key {
	char *text;    /* malloc'ed; lines "name: value" */
	char file[96]; /* the file's name in the directory: TOOL-HASH, the hash being that of text
			*/
};

/*
 * Makes the cache's key of everything that an image depends on except libbcc, which the image
 * itself identifies. Returns 0 or -ENOMEM.
 */
int cache_key_make(struct cache_key *key, const struct compile_request *request);

/*
 * The same without what is only so on the machine that compiles: where its headers are and when
 * they were written. from says what they are ("any", "kernel", "BTF"); that they belong to the
 * kernel has to be sure.
 */
int cache_key_make_portable(struct cache_key *key, const struct compile_request *request,
			    const char *from);
void cache_key_free(struct cache_key *key);

/*
 * The key's image, for image_free(), or NULL if there is none that can be trusted. An image of
 * another libbcc than the one that is installed counts as missing.
 */
struct image *cache_load(const char *directory, const struct cache_key *key);

/* The same whatever libbcc made it. If a file is there and not taken, the message says why. */
struct image *cache_load_any(const char *directory, const struct cache_key *key, struct error *why);

/* Says that the image is used, where reading alone does not (noatime). An error is no harm. */
void cache_note_use(const char *directory, const struct cache_key *key);

/* What a file of the directory says of itself. */
struct cache_entry {
	const char *file;
	struct kernel kernel;  /* without version_code; empty if the file is not trusted */
	char snoopkit[32];     /* the version that made it */
	const char *untrusted; /* why, or NULL */
};

/*
 * Calls each() for every file whose name has the form of an image's, in no order, until it returns
 * false. Returns 0 or a negative errno: -ENOENT, or -EPERM for a directory that is not trusted.
 */
int cache_list(const char *directory, bool (*each)(void *context, const struct cache_entry *entry),
	       void *context);

/*
 * Stores an image: writes a temporary file and renames it, then removes old files. Makes the
 * directory (mode 0755) if its parent exists. Returns 0 or a negative errno; after an error the
 * cache is unchanged.
 */
int cache_store(const char *directory, const struct cache_key *key, const struct image *image);

/* The same, but removes nothing: the directory has images for as many kernels as one likes. */
int cache_add(const char *directory, const struct cache_key *key, const struct image *image);

/*
 * The image for just that request from the machine's own cache, for image_free(), or NULL: it is
 * not there or can't be trusted. With any it may have been made by another libbcc. It counts as
 * used.
 */
struct image *cache_take(const struct compile_request *request, bool any);

/* Stores an image there. Ignores failures: without it the next start compiles again. */
void cache_keep(const struct compile_request *request, const struct image *image);

#endif
