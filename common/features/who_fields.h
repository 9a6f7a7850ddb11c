/* SPDX-License-Identifier: Apache-2.0 */
/* From a record of --who to what is shown. */
#ifndef SNOOPKIT_WHO_FIELDS_H
#define SNOOPKIT_WHO_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "features/who_commands.h"
#include "output/field.h"

struct who_record;

/* The table for --fields help and the like; ends with an empty row. */
extern const struct field who_fields[];

/*
 * The object "who". user is the name of the record's user, sha256 what is known of its file, or
 * NULL. at_exec: the event is the exec
 * that the record was made at, so its working directory and what was gained belong to it. NULL
 * without memory.
 */
json_t *who_object(const struct who_record *record, const char *user, const char *sha256,
		   bool at_exec, struct who_commands *commands);

/*
 * The ID of a container in a path of cgroups: of the lowest directory whose name has one, as
 * Docker, containerd, CRI-O and Podman give them. Writes it to id, and returns whether there is
 * one.
 */
#define WHO_CONTAINER_DIGITS 64
bool who_container(const char *cgroup, char id[WHO_CONTAINER_DIGITS + 1]);

/* Cuts what the record says of its parts to what there is: size is the record's in bytes. */
void who_bound(struct who_record *record, size_t size);

#endif
