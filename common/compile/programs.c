// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/message.h"
#include "compile/cache.h"
#include "compile/programs.h"

const char *const programs_directories[] = { PROGRAMS_OF_PACKAGES, PROGRAMS_DIRECTORY, NULL };

/*
 * What the key says of the headers: "any" for a tool's own source, of which all make the same; else
 * what a user's source is compiled with. request->headers may be NULL: none were found.
 */
static const char *headers_in_key(const struct compile_request *request, enum headers_wanted wanted)
{
	const struct headers *headers = request->headers;

	if (request->is_own && wanted == HEADERS_AUTO)
		return "any";
	if (headers)
		return headers->kind == HEADERS_FROM_BTF ? "BTF" : "kernel";
	return wanted == HEADERS_BTF ? "BTF" : "kernel";
}

/* What is looked for while the directories' files are looked at. */
struct search {
	const struct compile_request *request;
	const char *directory;
};

static bool is_of(const char *file, const char *tool)
{
	return !strncmp(file, tool, strlen(tool)) && file[strlen(tool)] == '-';
}

/* Says it once a directory. */
static bool tell_other_build(void *context, const struct cache_entry *entry)
{
	const struct search *search = context;
	const struct kernel *kernel = &search->request->target->kernel;

	if (!is_of(entry->file, search->request->tool) || entry->untrusted ||
	    strcmp(entry->kernel.release, kernel->release) ||
	    !kernel_compare(&entry->kernel, kernel))
		return true;
	message(search->request->tool,
		"%s/%s is not used: it is for another build of kernel %s, %s", search->directory,
		entry->file, kernel->release, entry->kernel.version);
	return false;
}

static void tell_other_builds(const char *const *directories, const struct compile_request *request)
{
	struct search search = { .request = request };

	for (; *directories; directories++) {
		search.directory = *directories;
		cache_list(search.directory, tell_other_build, &search);
	}
}

static bool is_one_there(const char *const *directories)
{
	while (*directories && access(*directories, F_OK))
		directories++;
	return *directories;
}

struct image *programs_find(const char *const *directories, const struct compile_request *request,
			    enum headers_wanted wanted)
{
	struct image *image = NULL;
	struct error why = {};
	struct cache_key key;
	size_t i;

	if (!is_one_there(directories) ||
	    cache_key_make_portable(&key, request, headers_in_key(request, wanted)))
		return NULL;
	for (i = 0; !image && directories[i]; i++) {
		why.text[0] = '\0';
		image = cache_load_any(directories[i], &key, &why);
		if (why.text[0] && request->verbose)
			message(request->tool, "%s", why.text);
	}
	error_clear(&why);
	cache_key_free(&key);
	if (!image && request->verbose)
		tell_other_builds(directories, request);
	return image;
}

int programs_add(const char *directory, const struct compile_request *request,
		 enum headers_wanted wanted, const struct image *image)
{
	struct cache_key key;
	int err = cache_key_make_portable(&key, request, headers_in_key(request, wanted));

	if (err)
		return err;
	err = file_make_parents(directory);
	if (!err)
		err = cache_add(directory, &key, image);
	cache_key_free(&key);
	return err;
}
