/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that says what a kernel is: all that another machine must know to compile programs for it,
 * but for headers. One line of JSON, which a person can read with head(1); after it the kernel's
 * BTF, if it has one, as the kernel shows it.
 *
 *	{"snoopkit_kernel": 1, "release": "6.1.0-50-amd64", "version": "#1 SMP ...",
 *	 "machine": "x86_64", "build_id": "6ecb...", "version_code": 393616, "page_size": 4096,
 *	 "probe_read_kernel": true, "btf_size": 5211113}
 */
#ifndef SNOOPKIT_DESCRIPTION_H
#define SNOOPKIT_DESCRIPTION_H

#include "base/buffer.h"
#include "base/error.h"
#include "kernel/target.h"

/* How a message ends that says why nothing can be compiled here. */
#define DESCRIPTION_HINT                                                       \
	"; or compile elsewhere: 'snoopkit describe >kernel' here, 'snoopkit " \
	"compile --for kernel' there"

/* Appends the description of a kernel. Returns 0 or a negative errno with a message. */
int description_write(const struct target *target, struct buffer *text, struct error *error);

/*
 * Reads a description; what makes no sense is refused. Returns 0, for target_close(), or a negative
 * errno with a message that begins with the name.
 */
int description_parse(struct target *target, const char *name, const char *data, size_t size,
		      struct error *error);

/* The same for a file. */
int description_read(struct target *target, const char *path, struct error *error);

#endif
