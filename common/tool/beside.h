/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs for --who, which are compiled beside a tool's own. They are the same for all tools,
 * so the cache has them once, under a name of their own, and only the first tool waits for them.
 */
#ifndef SNOOPKIT_BESIDE_H
#define SNOOPKIT_BESIDE_H

#include <stdbool.h>

#include "base/error.h"
#include "compile/compiler.h"
#include "image/image.h"
#include "tool/settings.h"
#include "tool/tool_who.h"

/*
 * What of a request for these programs is known before it is compiled; it has what the one of the
 * tool's own says of the target and of the process.
 */
struct compile_request beside_request(const struct compile_request *own,
				      const struct who_operations *who);

/*
 * Compiles a request and, unless uses_cache and they are there, the programs of request->beside:
 * the part of them that these settings need, if it has a part. Returns 0 and one image of both, or
 * as compile().
 */
int beside_compile(const struct compile_request *request, const struct settings *settings,
		   bool uses_cache, struct image **image, struct error *error);

#endif
