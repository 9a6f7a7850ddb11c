/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled images on disk. A file's name is the hash of its key, and the file repeats the key. It
 * is trusted only if the directory and the file belong to root, only root can write them, and no
 * symbolic link led to them; and if the checksum and every field of the image are right. A file
 * that is not trusted counts as missing, never as an error.
 *
 * A stored image is never changed. Storing an image removes old files: images of the same tool
 * except the CACHE_IMAGES that were used last, and temporary files of processes that were killed.
 * An image's last use is its access or modification time, whichever is later. Other files stay:
 * those whose names do not have the cache's form, links, and files that are not root's own.
 */
#ifndef SNOOPKIT_CACHE_H
#define SNOOPKIT_CACHE_H

#include "compile/compiler.h"
#include "image/image.h"

#define CACHE_DIRECTORY "/var/cache/snoopkit"
#define CACHE_IMAGES	32 /* kept of each tool: for several kernels and edited sources */

struct cache_key {
	char *text;    /* malloc'ed; lines "name: value" */
	char file[96]; /* the file's name in the directory: TOOL-HASH, the hash being that of text
			*/
};

/*
 * Makes a key of everything that an image depends on except libbcc, which the image itself
 * identifies. Returns 0 or -ENOMEM.
 */
int cache_key_make(struct cache_key *key, const struct compile_request *request);
void cache_key_free(struct cache_key *key);

/*
 * The key's image, for image_free(), or NULL if there is none that can be trusted. An image of
 * another libbcc than the one that is installed counts as missing.
 */
struct image *cache_load(const char *directory, const struct cache_key *key);

/*
 * Stores an image: writes a temporary file and renames it, then removes old files. Makes the
 * directory (mode 0755) if its parent exists. Returns 0 or a negative errno; after an error the
 * cache is unchanged.
 */
int cache_store(const char *directory, const struct cache_key *key, const struct image *image);

#endif
