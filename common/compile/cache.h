/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled images on disk. A file is found by the hash of its key, repeats the key, and is believed
 * only if directory and file belong to root, are writable by nobody else and were reached without
 * following a link, and if its checksum and every field of the image are right. Whatever is wrong
 * with it means that there is no image, never an error.
 *
 * Images are never altered, and removed only when another one is stored: of a tool's images those
 * that were used last are kept (by access or modification time, whichever is later; where access
 * times are not recorded, those that were stored last), and files that a killed process left half
 * written go. Names that are not of the cache's own form, links, and files that are not root's own
 * are left alone.
 */
#ifndef SNOOPKIT_CACHE_H
#define SNOOPKIT_CACHE_H

#include "compile/compiler.h"
#include "image/image.h"

#define CACHE_DIRECTORY "/var/cache/snoopkit"
#define CACHE_IMAGES	16 /* of each tool: of several kernels and of edited sources */

struct cache_key {
	char *text;    /* malloc'ed, one "name: value" a line */
	char file[96]; /* the image's name in the directory: the tool, "-", the hash of text */
};

/* Everything that an image depends on but libbcc, which the image names itself. 0 or -ENOMEM. */
int cache_key_make(struct cache_key *key, const struct compile_request *request);
void cache_key_free(struct cache_key *key);

/* NULL where there is none to be trusted. The image is the caller's. */
struct image *cache_load(const char *directory, const struct cache_key *key);

/*
 * Replaces the key's file in one step, then removes what is too much; makes the directory (mode
 * 0755) if its parent is there. Returns 0 or a negative errno, after which the cache is as it was.
 */
int cache_store(const char *directory, const struct cache_key *key, const struct image *image);

#endif
