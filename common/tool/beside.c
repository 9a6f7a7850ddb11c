// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "compile/cache.h"
#include "tool/beside.h"
#include "tool/needs.h"

static const char *const defines[] = { WHO_DEFINE, NULL };

struct compile_request beside_request(const struct compile_request *own,
				      const struct who_operations *who)
{
	struct compile_request request = *own;

	request.tool = request.name = "who";
	request.source = who->source->text;
	request.beside = NULL;
	request.is_own = true;
	request.feature_tests = who->feature_tests;
	request.defines = defines;
	request.btf_tracepoint = NULL;
	request.casts = false;
	return request;
}

/* The tool's tests include these. */
static void take_results(const struct feature_test *tests, const struct compile_request *own,
			 bool *kernel_has)
{
	size_t i, k;

	for (i = 0; tests[i].define; i++)
		for (k = 0; own->feature_tests[k].define; k++)
			if (!strcmp(own->feature_tests[k].define, tests[i].define))
				kernel_has[i] = own->kernel_has[k];
}

static int compile_joined(const struct compile_request *request, bool uses_cache,
			  struct image **image, struct error *error)
{
	struct image *added = uses_cache ? cache_take(request->beside, false) : NULL;
	int err;

	if (added) {
		err = compile(request, image, error);
	} else {
		err = compile_both(request, image, &added, error);
		if (!err && uses_cache)
			cache_keep(request->beside, added);
	}
	if (!err)
		err = image_add(*image, added, error);
	if (err) {
		image_free(*image);
		*image = NULL;
	}
	image_free(added);
	return err;
}

int beside_compile(const struct compile_request *request, const struct settings *settings,
		   bool uses_cache, struct image **image, struct error *error)
{
	struct compile_request own = *request, beside = *request->beside;
	bool kernel_has[MAX_FEATURE_TESTS] = {};
	struct program_part part;
	char *part_key = NULL;
	int err;

	own.beside = &beside;
	beside.headers = own.headers;
	if (own.kernel_has) {
		take_results(beside.feature_tests, &own, kernel_has);
		beside.kernel_has = kernel_has;
	}
	if (own.part) {
		needs_of_beside(&part, settings);
		beside.part = &part;
		beside.part_key = part_key = needs_part_key(&part);
	}
	err = compile_joined(&own, uses_cache, image, error);
	free(part_key);
	return err;
}
