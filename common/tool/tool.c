// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "compile/cache.h"
#include "compile/compiler.h"
#include "compile/libbcc.h"
#include "kernel/btf_file.h"
#include "parameters.h"
#include "tool/session.h"
#include "tool/support.h"

#define EXIT_FAILED 1
#define MAX_SOURCE  (16 << 20) /* bytes; no program that the kernel takes has a longer source */

/* The program to compile and what messages call it. */
struct chosen_source {
	const char *name;
	const char *text;
	const struct source_part *parts; /* of the tool's own program */
	char *owned;			 /* text, where it was read from a file */
};

static int get_source(const struct tool *tool, const struct options *options,
		      struct chosen_source *source, struct error *error)
{
	size_t size;

	*source = (struct chosen_source){ .name = tool->name,
					  .text = tool->source->text,
					  .parts = tool->source->parts };
	if (!options->source_file)
		return 0;
	source->name = options->source_file;
	source->parts = NULL;
	source->text = source->owned = file_read_up_to(options->source_file, MAX_SOURCE, &size);
	if (!source->text)
		return error_set(error, errno, "can't read %s: %s", options->source_file,
				 strerror(errno));
	if (strlen(source->text) != size)
		return error_set(error, EINVAL, "%s contains NUL bytes", options->source_file);
	return 0;
}

static bool kernel_passes(const struct tool *tool, uint32_t kernel_has, const char *define)
{
	size_t i;

	for (i = 0; tool->feature_tests && tool->feature_tests[i].define; i++)
		if (!strcmp(tool->feature_tests[i].define, define))
			return kernel_has >> i & 1;
	return false;
}

/*
 * Those of the tool's sets that are for a kernel with such types, up to one without probes. answers
 * has a bit for each of the tool's questions.
 */
static void choose_probe_sets(const struct session *session, uint32_t kernel_has,
			      struct probe_set *chosen)
{
	const struct probe_set *set = session->probe_sets;
	size_t count = 0;

	for (; set->probes && count < PROBES_MAX_SETS; set++)
		if (!set->unless || !kernel_passes(session->tool, kernel_has, set->unless))
			chosen[count++] = *set;
	chosen[count] = (struct probe_set){};
}

/* What BTF answers to the tool's questions; false without it, for headers tell only a compiler. */
static bool ask_btf(const struct tool *tool, bool kernel_has[MAX_FEATURE_TESTS])
{
	memset(kernel_has, 0, MAX_FEATURE_TESTS * sizeof(*kernel_has));
	return tool->feature_tests &&
	       !feature_tests_ask_btf(BTF_PATH, tool->feature_tests, kernel_has);
}

/* The sets among which a compiled image would choose, as far as that is known before. */
static void expect_probe_sets(const struct session *session,
			      const bool kernel_has[MAX_FEATURE_TESTS], struct probe_set *chosen)
{
	uint32_t bits = 0, i;

	for (i = 0; i < MAX_FEATURE_TESTS; i++)
		bits |= (uint32_t)kernel_has[i] << i;
	choose_probe_sets(session, bits, chosen);
}

/* Compiling takes its time: what could not be attached anyway is said before. */
static int compile_image(const struct session *session, const struct compile_request *request,
			 struct image **image, struct error *error)
{
	struct compile_request answered = *request;
	struct probe_set sets[PROBES_MAX_SETS + 1];
	bool kernel_has[MAX_FEATURE_TESTS];
	int set = 0;

	answered.kernel_has = ask_btf(session->tool, kernel_has) ? kernel_has : NULL;
	if (!session->options->image_file) {
		expect_probe_sets(session, kernel_has, sets);
		set = support_try_probes(sets, error);
	}
	if (set < 0)
		return set;
	error_clear(error);
	return compile(&answered, image, error);
}

/* From the cache, or compiled and kept there; a cache that can't be written costs only time. */
static int get_image(const struct session *session, const struct chosen_source *source,
		     struct image **image, struct error *error)
{
	const struct options *options = session->options;
	struct headers headers;
	struct cache_key key = {};
	struct kernel kernel;
	struct compile_request request = {
		.tool = session->tool->name,
		.name = source->name,
		.source = source->text,
		.parts = source->parts,
		.is_own = !options->source_file,
		.feature_tests = session->tool->feature_tests,
		.btf_tracepoint = session->tool->btf_tracepoint,
		.headers = &headers,
		.kernel = &kernel,
		.verbose = options->verbose,
		.cancel_fd = session->signal_fd,
	};
	int err;

	kernel_identify(&kernel);
	err = headers_find(options->headers, request.is_own, &kernel, &headers, error);
	if (err)
		return err;
	if (cache_key_make(&key, &request))
		return error_set(error, ENOMEM, "no memory for the cache's key");
	*image = options->no_cache ? NULL : cache_load(CACHE_DIRECTORY, &key);
	if (!*image) {
		err = compile_image(session, &request, image, error);
		if (!err && !options->no_cache)
			cache_store(CACHE_DIRECTORY, &key, *image);
	}
	cache_key_free(&key);
	return err;
}

static int use_pinned_maps(struct session *session, struct error *error)
{
	const struct options *options = session->options;
	int err = 0;

	if (options->cgroup_map)
		err = loader_use_pinned_map(&session->loader, "cgroup_set", options->cgroup_map,
					    error);
	if (!err && options->mount_namespace_map)
		err = loader_use_pinned_map(&session->loader, "mount_namespace_set",
					    options->mount_namespace_map, error);
	return err;
}

/* Events are batched where the program can do it and the kernel lets it; else each is a record. */
static int open_events(struct session *session, struct error *error)
{
	struct events_source source = {
		.events = session_map(session, "events"),
		.batches = session_map(session, "batches"),
		.batching = session_map(session, "batching"),
		.flush_batch = -1,
	};
	struct error ignored = {};
	int err;

	if (source.batching >= 0)
		source.flush_batch = loader_load(&session->loader, "flush_batch",
						 BPF_PROG_TYPE_RAW_TRACEPOINT, &ignored);
	err = events_open(&session->events, &source, session->options->buffer_pages, error);
	if (source.flush_batch >= 0)
		close(source.flush_batch);
	error_clear(&ignored);
	return err;
}

static int load_and_attach(struct session *session, const struct image *image, struct error *error)
{
	struct probe_set sets[PROBES_MAX_SETS + 1];
	const struct tool *tool = session->tool;
	int err;

	session->loader_ready = true;
	session->parameters[PARAM_CGROUP_SET] = session->options->cgroup_map != NULL;
	session->parameters[PARAM_MOUNT_NAMESPACE_SET] =
		session->options->mount_namespace_map != NULL;
	session->parameters[PARAM_TRUSTED_TASK] = 1;
	session->parameters[PARAM_BTF] = !access(BTF_PATH, R_OK);
	loader_init(&session->loader, image, session->parameters);
	session->loader.map_sizes = session->map_sizes;
	session->loader.verbose = session->options->verbose;
	err = use_pinned_maps(session, error);
	if (!err)
		err = loader_create_maps(&session->loader, error);
	if (!err && tool->fill)
		err = tool->fill(session, error);
	if (!err)
		err = open_events(session, error);
	if (err)
		return err;
	if (!tool->report && session_map(session, "events") < 0)
		return error_set(error, EINVAL, "the source has no perf buffer named events");
	choose_probe_sets(session, image->kernel_has, sets);
	err = probes_attach(&session->probes, sets, &session->loader, error);
	if (err < 0)
		return err;
	error_clear(error);
	if (sets[err].misses)
		session_message(session, "not seen on this kernel: %s", sets[err].misses);
	return 0;
}

/* Two descriptors for each CPU: hundreds of CPUs take more than most systems' soft limit. */
static void lift_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int trace(struct session *session, const struct chosen_source *source, struct error *error)
{
	struct image *image = NULL;
	int err;

	/* The compiler makes maps too. */
	loader_lift_memlock();
	err = support_check(error);
	if (!err && session->tool->prepare)
		err = session->tool->prepare(session, error);
	/* A command that the tool runs has been forked by now, with the limit as it was. */
	lift_descriptor_limit();
	if (!err)
		err = get_image(session, source, &image, error);
	if (!err)
		err = load_and_attach(session, image, error);
	if (!err)
		err = session_run(session, error);
	if (!err)
		err = session_end(session, error);
	session->loader.image = NULL;
	image_free(image);
	return err;
}

/* What another program had to say stands before the line that sums it up. */
static int report_failure(const struct tool *tool, struct error *error)
{
	if (error->detail)
		fputs(error->detail, stderr);
	fprintf(stderr, "%s: %s\n", tool->name, error->text);
	error_clear(error);
	return EXIT_FAILED;
}

/* --image */
static int write_image(const struct session *session, const struct chosen_source *source,
		       struct error *error)
{
	const char *path = session->options->image_file;
	struct buffer bytes = {};
	struct image *image = NULL;
	FILE *file;
	int err;

	err = get_image(session, source, &image, error);
	if (err)
		return err;
	image_write(image, &bytes);
	file = fopen(path, "we");
	if (!file || fwrite(bytes.data, 1, bytes.size, file) != bytes.size)
		err = error_set(error, errno, "can't write %s: %s", path, strerror(errno));
	if (file && fclose(file) && !err)
		err = error_set(error, errno, "can't write %s: %s", path, strerror(errno));
	buffer_free(&bytes);
	image_free(image);
	return err;
}

static int run(const struct tool *tool, const struct options *options, struct error *error)
{
	struct chosen_source source = {};
	struct session session;
	int err;

	/* Reading from a pipe may take its time: before the session, Ctrl-C ends that too. */
	err = get_source(tool, options, &source, error);
	if (err)
		return err;
	err = session_init(&session, tool, options, error);
	if (!err && options->image_file)
		err = write_image(&session, &source, error);
	else if (!err)
		err = trace(&session, &source, error);
	session_free(&session);
	free(source.owned);
	return err;
}

/*
 * What trace() asks, in its order, without compiling. misses becomes what the probe set that would
 * be used does not see, and the line says why no better one is used; or a negative errno.
 */
static int find_support(struct session *session, const char **misses, struct error *error)
{
	struct probe_set sets[PROBES_MAX_SETS + 1];
	const struct tool *tool = session->tool;
	bool kernel_has[MAX_FEATURE_TESTS];
	char library[PATH_MAX];
	struct headers headers;
	struct kernel kernel;
	int err;

	err = support_check(error);
	/* What a tool is pointed at says nothing about the kernel. */
	if (!err && tool->prepare && (!tool->required || session->options->has_argument))
		err = tool->prepare(session, error);
	kernel_identify(&kernel);
	if (!err)
		err = headers_find(session->options->headers, true, &kernel, &headers, error);
	if (!err)
		err = libbcc_find(library, sizeof(library), error);
	if (err)
		return err;
	ask_btf(tool, kernel_has);
	expect_probe_sets(session, kernel_has, sets);
	err = support_try_probes(sets, error);
	if (err < 0)
		return err;
	*misses = sets[err].misses;
	return 0;
}

/* --support. The result is the exit status. */
static int print_support(const struct tool *tool, const struct options *options,
			 struct error *error)
{
	const char *misses = NULL;
	struct session session;
	int err;

	loader_lift_memlock();
	if (options->verbose)
		support_print(stdout);
	err = session_init(&session, tool, options, error);
	if (!err)
		err = find_support(&session, &misses, error);
	session_free(&session);
	if (err)
		printf("%s: not at all: %s\n", tool->name, error->text);
	else if (misses)
		printf("%s: partly: not seen: %s%s%s\n", tool->name, misses,
		       error->text[0] ? "; " : "", error->text);
	else
		printf("%s: whole\n", tool->name);
	error_clear(error);
	return output_end_text(tool->name, err ? EXIT_FAILED : 0);
}

/*
 * A standard descriptor that is closed would be the number of the next file opened, which would
 * then get what is printed. Opened the wrong way round it fails as before.
 */
static void occupy_standard_descriptors(void)
{
	static const int wrong_way[] = { O_WRONLY, O_RDONLY, O_RDONLY };
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", wrong_way[fd]) < 0)
			return;
}

int tool_main(const struct tool *tool, int argc, char **argv)
{
	struct error error = {};
	struct options options;
	int err;

	occupy_standard_descriptors();
	options_parse(&options, tool, argc, argv);
	if (options.print_source) {
		fputs(tool->source->text, stdout);
		return output_end_text(tool->name, 0);
	}
	if (options.print_support)
		return print_support(tool, &options, &error);
	err = run(tool, &options, &error);
	if (err && err != -ECANCELED)
		return report_failure(tool, &error);
	error_clear(&error);
	return 0;
}
