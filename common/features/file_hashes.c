// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/lru.h"
#include "features/file_hashes.h"
#include "features/path_text.h"
#include "who_record.h"

#define MOST	     4096 /* files */
#define MOST_AWAITED 64	  /* so many questions fit into the hasher's socket */

enum state { AWAITED, KNOWN, NOT_FOUND, NEVER };

struct entry {
	struct file_identity identity;
	enum state state;
	uint8_t digest[HASHER_DIGEST];
};

struct awaited {
	uint64_t number; /* of the question */
	struct file_identity identity;
};

struct file_hashes {
	struct hasher hasher;
	struct lru *entries;		      /* by a hash of the identity */
	struct awaited awaited[MOST_AWAITED]; /* a ring: the oldest question is answered first */
	size_t first, count;
};

static void drop(void *context, uint64_t key, void *value)
{
	(void)context;
	(void)key;
	free(value);
}

int file_hashes_new(struct file_hashes **result, int *fd, struct error *error)
{
	struct file_hashes *hashes = calloc(1, sizeof(*hashes));
	int err;

	if (hashes)
		hashes->hasher.socket = -1;
	if (!hashes || !(hashes->entries = lru_new(MOST, drop, NULL))) {
		file_hashes_free(hashes);
		return error_set(error, ENOMEM, "no memory for --hash");
	}
	err = hasher_start(&hashes->hasher, error);
	if (err) {
		file_hashes_free(hashes);
		return err;
	}
	*fd = hashes->hasher.socket;
	*result = hashes;
	return 0;
}

static bool has_file(const struct who_record *record)
{
	return record->has & WHO_HAS_EXE;
}

/* As the kernel's inode has it, with the kernel's dev_t. */
static struct file_identity identity_of(const struct who_record *record)
{
	return (struct file_identity){ .device = record->values.exe_device,
				       .inode = record->values.exe_inode,
				       .seconds = record->exe_changed,
				       .nanoseconds = record->exe_changed_nanoseconds };
}

static uint64_t key_of(const struct file_identity *identity)
{
	return XXH64(identity, sizeof(*identity), 0);
}

static struct entry *find(const struct file_hashes *hashes, const struct file_identity *identity)
{
	struct entry *entry = lru_find(hashes->entries, key_of(identity));

	return entry && !memcmp(&entry->identity, identity, sizeof(*identity)) ? entry : NULL;
}

/* Of the record's file, or NULL. */
static const struct entry *entry_of(const struct file_hashes *hashes,
				    const struct who_record *record)
{
	struct file_identity identity = identity_of(record);

	return has_file(record) ? find(hashes, &identity) : NULL;
}

/* Without memory it is as if the file had not been asked for. */
static struct entry *put(const struct file_hashes *hashes, const struct file_identity *identity,
			 enum state state)
{
	struct entry *entry = find(hashes, identity);

	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return NULL;
		entry->identity = *identity;
		lru_put(hashes->entries, key_of(identity), entry);
	}
	entry->state = state;
	return entry;
}

static uint64_t ask(struct file_hashes *hashes, const struct who_record *record)
{
	const struct hasher_file file = {
		.inode = record->values.exe_inode,
		.seconds = record->exe_changed,
		.nanoseconds = record->exe_changed_nanoseconds,
		.device = record->values.exe_device,
		.magic = record->exe_magic,
		.parent = record->ancestor_count ? record->ancestors[0].pid : 0,
	};
	uint64_t number;
	char *path;

	if (hashes->count == MOST_AWAITED)
		return 0;
	path = path_whole(&record->strings, &record->exe);
	number = hasher_ask(&hashes->hasher, record->values.tgid, &file, path ? path : "");
	free(path);
	return number;
}

/* A file of FUSE is what a program says it is, which may say something else the next time. */
void file_hashes_want(struct file_hashes *hashes, const struct who_record *record)
{
	struct file_identity identity = identity_of(record);
	const struct entry *entry = find(hashes, &identity);
	uint64_t number;

	if (!has_file(record) || (entry && entry->state != NOT_FOUND))
		return;
	if (record->exe_magic == FILE_FUSE_MAGIC) {
		put(hashes, &identity, NEVER);
		return;
	}
	number = ask(hashes, record);
	if (!number)
		return;
	put(hashes, &identity, AWAITED);
	hashes->awaited[(hashes->first + hashes->count++) % MOST_AWAITED] =
		(struct awaited){ number, identity };
}

bool file_hashes_await(struct file_hashes *hashes, const struct who_record *record)
{
	const struct entry *entry = entry_of(hashes, record);

	return entry && entry->state == AWAITED;
}

bool file_hashes_find(struct file_hashes *hashes, const struct who_record *record,
		      char text[FILE_HASH_TEXT])
{
	const struct entry *entry = entry_of(hashes, record);
	size_t i;

	if (!entry || entry->state != KNOWN)
		return false;
	for (i = 0; i < HASHER_DIGEST; i++)
		snprintf(text + 2 * i, 3, "%02x", entry->digest[i]);
	return true;
}

/* Ends the oldest question. */
static void end_first(struct file_hashes *hashes, enum state state, const uint8_t *digest)
{
	struct entry *entry = put(hashes, &hashes->awaited[hashes->first].identity, state);

	if (entry && digest)
		memcpy(entry->digest, digest, sizeof(entry->digest));
	hashes->first = (hashes->first + 1) % MOST_AWAITED;
	hashes->count--;
}

/* A question that was passed over has no answer. */
static void take_answer(struct file_hashes *hashes, const struct hasher_answer *answer)
{
	static const enum state states[] = {
		[HASHER_DONE] = KNOWN,
		[HASHER_NOT_FOUND] = NOT_FOUND,
		[HASHER_NEVER] = NEVER,
	};

	if (answer->result > HASHER_NEVER)
		return;
	if (!answer->number && hashes->count)
		end_first(hashes, NOT_FOUND, NULL);
	while (hashes->count && hashes->awaited[hashes->first].number < answer->number)
		end_first(hashes, NOT_FOUND, NULL);
	if (hashes->count && hashes->awaited[hashes->first].number == answer->number)
		end_first(hashes, states[answer->result], answer->digest);
}

bool file_hashes_take(struct file_hashes *hashes)
{
	struct hasher_answer answer;
	int taken;

	while ((taken = hasher_take(&hashes->hasher, &answer)) > 0)
		take_answer(hashes, &answer);
	if (!taken)
		return true;
	hasher_stop(&hashes->hasher);
	while (hashes->count)
		end_first(hashes, NOT_FOUND, NULL);
	return false;
}

void file_hashes_free(struct file_hashes *hashes)
{
	if (!hashes)
		return;
	hasher_stop(&hashes->hasher);
	lru_free(hashes->entries);
	free(hashes);
}
