// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "compile/cache.h"
#include "compile/compiler.h"
#include "compile/programs.h"
#include "kernel/btf_file.h"
#include "kernel/description.h"
#include "tool/beside.h"
#include "tool/probe_choice.h"
#include "tool/named_probes.h"
#include "tool/needs.h"
#include "tool/program.h"
#include "tool/trial.h"
#include "tool/tool_who.h"

/* The text of the file of --source, which the command line may have needed already. */
static char *read_source(const struct options *options, size_t *size)
{
	*size = options->source_size;
	return options->source_text ?
		       strdup(options->source_text) :
		       file_read_up_to(options->source_file, OPTIONS_MAX_SOURCE, size);
}

static int add_who(struct program *program, const struct tool *tool, struct error *error)
{
	program->with_who = who_add_sections(tool->who, program->text, program->owned);
	if (!program->with_who && errno == EINVAL)
		return error_set(error, EINVAL,
				 "%s does not send its events as this version does: --who is not "
				 "possible",
				 program->name);
	if (!program->with_who)
		return error_set(error, ENOMEM, "no memory for the source");
	program->text = program->with_who;
	program->has_beside = !program->owned;
	return 0;
}

int program_read(struct program *program, const struct tool *tool, const struct options *options,
		 struct error *error)
{
	const char *file = options->source_file;
	size_t size;

	*program = (struct program){ .name = tool_origin(tool),
				     .text = tool->source ? tool->source->text : NULL };
	if (!file && !tool->source)
		return error_set(error, EINVAL, "the tool has no BPF program");
	if (!file)
		return options->who ? add_who(program, tool, error) : 0;
	program->name = file;
	program->text = program->owned = read_source(options, &size);
	if (!program->text)
		return error_set(error, errno, "can't read %s: %s", file, strerror(errno));
	if (strlen(program->text) != size)
		return error_set(error, EINVAL, "%s contains NUL bytes", file);
	return options->who ? add_who(program, tool, error) : 0;
}

void program_free(struct program *program)
{
	free(program->owned);
	free(program->with_who);
	*program = (struct program){};
}

static bool uses_cache(const struct options *options)
{
	return !options->no_cache && !options->for_file;
}

/*
 * Compiling takes long, so a tool that could not be attached fails before it. Which probe set will
 * be attached also says which programs are needed.
 */
static int compile_needed(const struct compile_request *request, const struct options *options,
			  const struct settings *settings, struct image **image,
			  struct error *error)
{
	bool is_traced = !options_only_compile(options) && !options->check;
	struct compile_request tested = *request;
	struct probe_set sets[PROBES_MAX_SETS + 1];
	bool kernel_has[MAX_FEATURE_TESTS];
	struct program_part part;
	int set = 0;

	if (!settings)
		return compile(request, image, error);
	if (expect_probe_sets(settings->probe_sets, request->feature_tests, request->target,
			      kernel_has, sets))
		tested.kernel_has = kernel_has;
	if (is_traced && (request->is_own || !named_probes_may_be_in(request->source)))
		set = trial_of_probes(sets, NULL, 0, error);
	if (set < 0)
		return set;
	error_clear(error);
	/* Where only the compiler knows, another set may be the one that suits the kernel. */
	if (tested.part_key && tested.kernel_has) {
		needs_of_set(&part, settings, &sets[set]);
		tested.part = &part;
	}
	return tested.beside ?
		       beside_compile(&tested, settings, uses_cache(options), image, error) :
		       compile(&tested, image, error);
}

static int compile_image(const struct compile_request *request, const struct options *options,
			 const struct settings *settings, struct image **image, struct error *error)
{
	struct btf_file *btf;
	int err;

	/* Several places ask it. While it is open, it is read only once; there need be none. */
	if (btf_file_open(request->target->btf, &btf))
		btf = NULL;
	err = compile_needed(request, options, settings, image, error);
	btf_file_close(btf);
	return err;
}

/* What is kept for a request, if it serves this start. */
static struct image *load(const struct compile_request *request, const struct settings *settings,
			  bool any)
{
	struct image *image = cache_take(request, any);

	if (image && settings && !needs_are_met(settings, image)) {
		image_free(image);
		return NULL;
	}
	return image;
}

/* What serves this start: the part that it needs, or all. */
static struct image *load_kept(const struct compile_request *request,
			       const struct settings *settings, bool any)
{
	struct compile_request whole = *request;
	struct image *image = load(request, settings, any);

	whole.part_key = NULL;
	return image || !request->part_key ? image : load(&whole, settings, any);
}

/*
 * The image from the cache, or compiled and stored there. Without libbcc what is in the cache is as
 * good, whichever libbcc made it.
 */
static int cached_image(const struct compile_request *request, const struct options *options,
			const struct settings *settings, struct image **image, struct error *error)
{
	int err;

	if (!uses_cache(options))
		return compile_image(request, options, settings, image, error);
	*image = load_kept(request, settings, false);
	if (*image)
		return 0;
	err = compile_image(request, options, settings, image, error);
	if (!err)
		cache_keep(request, *image);
	else if (err == -ENOENT || err == -ENOEXEC)
		*image = load_kept(request, settings, true);
	return *image ? 0 : err;
}

static int open_target(struct target *target, const struct options *options, struct error *error)
{
	int err;

	if (!options->for_file) {
		target_running(target);
		return 0;
	}
	err = description_read(target, options->for_file, error);
	if (!err)
		err = target_check_machine(target, error);
	if (!err && options->headers_from)
		err = target_use_headers(target, options->headers_from, error);
	return err;
}

/* Where kept programs are looked for. */
static const char *const *directories_of(const struct options *options, const char *only[2])
{
	only[0] = options->keep_directory;
	only[1] = NULL;
	return options->keep_directory ? only : programs_directories;
}

/* The image that is kept, or the compiled one. */
static int find_image(struct compile_request *request, const struct options *options,
		      const struct settings *settings, struct image **image, struct error *error)
{
	struct headers headers;
	const char *only[2];
	int err = headers_find(options->headers, request->is_own, request->target, &headers, error);

	request->headers = err ? NULL : &headers;
	*image = options->no_cache ?
			 NULL :
			 programs_find(directories_of(options, only), request, options->headers);
	if (*image) {
		error_clear(error);
		return 0;
	}
	if (!err)
		err = cached_image(request, options, settings, image, error);
	if (err || !options->keep_directory)
		return err;
	err = programs_add(options->keep_directory, request, options->headers, *image);
	return err ? error_set(error, -err, "can't keep a program in %s: %s",
			       options->keep_directory, strerror(-err)) :
		     0;
}

static struct compile_request make_request(const struct program *program, const struct tool *tool,
					   const struct options *options)
{
	return (struct compile_request){
		.tool = tool_origin(tool),
		.command = tool->name,
		.name = program->name,
		.source = program->text,
		.is_own = !program->owned,
		.usual_flags = program->usual_flags,
		.feature_tests = tool->feature_tests,
		.btf_tracepoint = tool->btf_tracepoint,
		.casts = program->with_who,
		.keep_privileges = options->keep_privileges,
		.verbose = options->verbose,
		.cancel_fd = -1,
	};
}

static void add_define(const char **defines, const char *define)
{
	while (*defines)
		defines++;
	*defines = define;
}

static void collect_defines(const struct program *program, const struct options *options,
			    const struct settings *settings, const char **defines)
{
	size_t count = 0;

	static_assert(SETTINGS_DEFINES + OPTIONS_DEFINES + ADDED_MOST + 3 <= COMPILE_DEFINES,
		      "all macros fit");
	if (settings) {
		count = settings->define_count;
		memcpy(defines, settings->defines, count * sizeof(*defines));
	}
	memcpy(defines + count, options->defines, sizeof(options->defines));
	if (program->with_who)
		add_define(defines, WHO_DEFINE);
	if (settings)
		added_fields_define(&settings->added, defines);
}

/* To be called when the request has its target, which is that of the one beside it too. */
static void add_beside(struct compile_request *request, struct compile_request *beside,
		       const struct program *program, const struct tool *tool)
{
	if (!program->has_beside)
		return;
	*beside = beside_request(request, tool->who);
	request->beside = beside;
}

int program_image(const struct program *program, const struct tool *tool,
		  const struct options *options, const struct settings *settings, int cancel_fd,
		  struct image **image, struct error *error)
{
	struct compile_request request = make_request(program, tool, options), beside;
	const char *defines[COMPILE_DEFINES] = {};
	static struct target target; /* too large for a small stack */
	char *part_key = NULL;
	int err;

	collect_defines(program, options, settings, defines);
	request.defines = defines;
	request.target = &target;
	request.cancel_fd = cancel_fd;
	add_beside(&request, &beside, program, tool);
	if (settings && request.is_own && !program->whole && !options_only_compile(options) &&
	    !options->check)
		request.part_key = part_key = needs_key(settings);
	err = open_target(&target, options, error);
	if (!err)
		err = find_image(&request, options, settings, image, error);
	target_close(&target);
	free(part_key);
	return err;
}

bool program_is_kept(const struct program *program, const struct tool *tool,
		     const struct options *options)
{
	const char *defines[] = { program->with_who ? WHO_DEFINE : NULL, NULL };
	struct compile_request request = make_request(program, tool, options), beside;
	static struct target target;
	struct image *image;
	bool is_kept;

	request.defines = defines;
	target_running(&target);
	request.target = &target;
	add_beside(&request, &beside, program, tool);
	image = options->no_cache ? NULL :
				    programs_find(programs_directories, &request, options->headers);
	is_kept = image != NULL;
	image_free(image);
	return is_kept;
}
