/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SHA-256 of the files that processes run: asked of the hasher once for each file, told by
 * device, inode and change time, and kept. What was not asked for longest is forgotten first.
 */
#ifndef SNOOPKIT_FILE_HASHES_H
#define SNOOPKIT_FILE_HASHES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "features/hasher.h"

#define FILE_HASH_TEXT (2 * HASHER_DIGEST + 1)

struct who_record;
struct file_hashes;

/*
 * Starts the hasher; before the process gives up its privileges. *fd becomes a descriptor that is
 * readable when file_hashes_take() has something to do. Returns 0 or a negative errno with a
 * message.
 */
int file_hashes_new(struct file_hashes **hashes, int *fd, struct error *error);

/* To be called as soon as the record is read: asks for its file's, if it is not known. */
void file_hashes_want(struct file_hashes *hashes, const struct who_record *record);

/* Whether the record's file was asked for and there is no answer yet. */
bool file_hashes_await(struct file_hashes *hashes, const struct who_record *record);

/* Writes it in hexadecimal. Returns whether it is known. */
bool file_hashes_find(struct file_hashes *hashes, const struct who_record *record,
		      char text[FILE_HASH_TEXT]);

/* Takes what the hasher has answered. Returns false once it has ended: nothing is awaited then. */
bool file_hashes_take(struct file_hashes *hashes);

/* hashes may be NULL. */
void file_hashes_free(struct file_hashes *hashes);

#endif
