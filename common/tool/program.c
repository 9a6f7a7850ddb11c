// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "compile/cache.h"
#include "compile/compiler.h"
#include "tool/probe_choice.h"
#include "tool/named_probes.h"
#include "tool/program.h"
#include "tool/trial.h"

/* The text of the file of --source, which the command line may have needed already. */
static char *read_source(const struct options *options, size_t *size)
{
	*size = options->source_size;
	return options->source_text ?
		       strdup(options->source_text) :
		       file_read_up_to(options->source_file, OPTIONS_MAX_SOURCE, size);
}

int program_read(struct program *program, const struct tool *tool, const struct options *options,
		 struct error *error)
{
	const char *file = options->source_file;
	size_t size;

	*program = (struct program){ .name = tool->name,
				     .text = tool->source ? tool->source->text : NULL };
	if (!file && !tool->source)
		return error_set(error, EINVAL, "the tool has no BPF program");
	if (!file)
		return 0;
	program->name = file;
	program->text = program->owned = read_source(options, &size);
	if (!program->text)
		return error_set(error, errno, "can't read %s: %s", file, strerror(errno));
	if (strlen(program->text) != size)
		return error_set(error, EINVAL, "%s contains NUL bytes", file);
	return 0;
}

void program_free(struct program *program)
{
	free(program->owned);
	*program = (struct program){};
}

/* Compiling takes long, so a tool that could not be attached fails before it. */
static int compile_image(const struct compile_request *request, const struct settings *settings,
			 bool is_traced, struct image **image, struct error *error)
{
	struct compile_request tested = *request;
	struct probe_set sets[PROBES_MAX_SETS + 1];
	bool kernel_has[MAX_FEATURE_TESTS];
	int set = 0;

	if (!settings)
		return compile(request, image, error);
	if (expect_probe_sets(settings->probe_sets, request->feature_tests, kernel_has, sets))
		tested.kernel_has = kernel_has;
	if (is_traced && (request->is_own || !named_probes_may_be_in(request->source)))
		set = trial_of_probes(sets, NULL, 0, error);
	if (set < 0)
		return set;
	error_clear(error);
	return compile(&tested, image, error);
}

int program_image(const struct program *program, const struct tool *tool,
		  const struct options *options, const struct settings *settings, int cancel_fd,
		  struct image **image, struct error *error)
{
	const char *defines[COMPILE_DEFINES] = {};
	struct headers headers;
	struct cache_key key = {};
	struct kernel kernel;
	struct compile_request request = {
		.tool = tool->name,
		.name = program->name,
		.source = program->text,
		.is_own = !program->owned,
		.defines = defines,
		.usual_flags = program->usual_flags,
		.feature_tests = tool->feature_tests,
		.btf_tracepoint = tool->btf_tracepoint,
		.headers = &headers,
		.kernel = &kernel,
		.keep_privileges = options->keep_privileges,
		.verbose = options->verbose,
		.cancel_fd = cancel_fd,
	};
	int err;

	static_assert(OPTIONS_DEFINES + ADDED_MOST + 2 <= COMPILE_DEFINES, "all macros fit");
	memcpy(defines, options->defines, sizeof(options->defines));
	if (settings)
		added_fields_define(&settings->added, defines);
	kernel_identify(&kernel);
	err = headers_find(options->headers, request.is_own, &kernel, &headers, error);
	if (err)
		return err;
	if (cache_key_make(&key, &request))
		return error_set(error, ENOMEM, "no memory for the cache's key");
	*image = options->no_cache ? NULL : cache_load(CACHE_DIRECTORY, &key);
	if (!*image) {
		err = compile_image(&request, settings, !options->image_file && !options->check,
				    image, error);
		/* Ignore failures: without a kept image the next start compiles again. */
		if (!err && !options->no_cache)
			cache_store(CACHE_DIRECTORY, &key, *image);
	}
	cache_key_free(&key);
	return err;
}
