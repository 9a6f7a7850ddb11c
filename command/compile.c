// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/message.h"
#include "snoopkit.h"
#include "installed_tools.h"
#include "kernel/description.h"
#include "kernel/privileges.h"
#include "kernels.h"

/* ---- a kernel ---- */

static int fail(struct error *error)
{
	message(COMMAND_NAME, "%s", error->text);
	error_clear(error);
	return 1;
}

static const char *root_of(const struct request *request)
{
	return request->root ? request->root : "/";
}

static int open_installed(const struct request *request, struct target *target, struct error *error)
{
	struct kernels kernels;

	if (request->kernel)
		return target_installed(target, root_of(request), request->kernel, error);
	kernels_find(&kernels, root_of(request));
	if (kernels.count != 1)
		return error_set(error, ENOENT,
				 "%s has the files of %d kernels: choose with --kernel",
				 root_of(request), kernels.count);
	return target_installed(target, root_of(request), kernels.releases[0], error);
}

/* The description goes into a file that has no name, but a path: path[64]. Returns its descriptor.
 */
static int describe_to_memory(const struct target *target, char path[64], struct error *error)
{
	int fd = file_in_memory("kernel", true), err;
	struct buffer text = {};

	if (fd < 0)
		return error_set(error, -fd, "no memory for the description");
	err = description_write(target, &text, error);
	if (!err && file_write_fd(fd, text.data, text.size))
		err = error_set(error, ENOMEM, "no memory for the description");
	buffer_free(&text);
	if (err) {
		close(fd);
		return err;
	}
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

int command_describe(const struct request *request)
{
	struct buffer text = {};
	struct target target;
	struct error error = {};
	int err = 0;

	if (isatty(STDOUT_FILENO)) {
		message(COMMAND_NAME, "a description is no text: write it to a file");
		return 1;
	}
	if (request->kernel || request->root)
		err = open_installed(request, &target, &error);
	else if (privileges_missing())
		err = error_set(&error, EPERM, "run as root: to ask the kernel needs %s",
				privileges_missing());
	else
		target_running(&target);
	if (err)
		return fail(&error);
	err = description_write(&target, &text, &error);
	if (!err && file_write_fd(STDOUT_FILENO, text.data, text.size))
		err = error_set(&error, EIO, "can't write the description");
	buffer_free(&text);
	target_close(&target);
	return err ? fail(&error) : 0;
}

/* ---- its programs ---- */

/* One tool's program. Returns whether it is there now. */
static bool compile_tool(const struct request *request, const char *tool, const char *description,
			 const char *headers)
{
	const char *arguments[8] = { tool, "--for", description, "--keep", request->output };
	char path[PATH_MAX];
	int status;

	if (!tool_find(tool, path, sizeof(path))) {
		message(COMMAND_NAME, "the tool %s is not installed", tool);
		return false;
	}
	if (headers) {
		arguments[5] = "--headers-from";
		arguments[6] = headers;
	}
	status = tool_run(path, arguments, -1);
	if (status < 0)
		message(COMMAND_NAME, "can't run %s", path);
	return !status;
}

/* The tools' programs for one kernel. Returns the exit status. */
static int compile_tools(const struct request *request, const char *release,
			 const char *description, const char *headers)
{
	const char *const *tools =
		*request->tools ? (const char *const *)request->tools : tool_names;
	int done = 0, all = 0;

	for (; *tools; tools++, all++)
		done += compile_tool(request, *tools, description, headers);
	if (!request->quiet)
		printf("kernel %s: %d of %d tools' programs are in %s\n", release, done, all,
		       request->output);
	else if (done < all)
		message(COMMAND_NAME, "kernel %s: only %d of %d tools' programs are in %s", release,
			done, all, request->output);
	return done < all;
}

/* Where the target's headers are, for --headers-from; NULL: BTF alone. */
static const char *headers_of(const struct request *request, const struct target *target)
{
	if (request->headers_from)
		return request->headers_from;
	if (*target->build)
		return root_of(request);
	return *target->archive ? target->archive : NULL;
}

static int compile_for(const struct request *request, const struct target *target,
		       struct error *error)
{
	const char *headers = headers_of(request, target), *release = target->kernel.release;
	char path[64];
	int fd, status;

	if (target_check_machine(target, error))
		return fail(error);
	if (!*target->btf && !headers) {
		error_set(error, ENOENT,
			  "kernel %s has no BTF, and its headers are not there: install them "
			  "(linux-headers-%s, kernel-devel-%s), or name them with --headers-from",
			  release, release, release);
		return fail(error);
	}
	fd = describe_to_memory(target, path, error);
	if (fd < 0)
		return fail(error);
	status = compile_tools(request, release, path, headers);
	close(fd);
	return status;
}

/* For an installed kernel; without a release for the one that is described, or runs. */
static int compile_for_release(const struct request *request, const char *release)
{
	struct error error = {};
	struct target target;
	int status, err = 0;

	if (release)
		err = target_installed(&target, root_of(request), release, &error);
	else if (request->for_file)
		err = description_read(&target, request->for_file, &error);
	else
		target_running(&target);
	if (err)
		return fail(&error);
	status = compile_for(request, &target, &error);
	target_close(&target);
	return status;
}

int command_compile(const struct request *request)
{
	const char *missing = privileges_missing();
	struct kernels kernels;
	int i, status = 0;

	if (missing) {
		message(COMMAND_NAME, "run as root: to compile needs %s", missing);
		return 1;
	}
	if (request->for_file)
		return compile_for_release(request, NULL);
	if (request->kernel)
		return compile_for_release(request, request->kernel);
	kernels_find(&kernels, root_of(request));
	for (i = 0; i < kernels.count; i++)
		status |= compile_for_release(request, kernels.releases[i]);
	if (request->root && !kernels.count) {
		message(COMMAND_NAME, "there is no kernel in %s/lib/modules and %s/boot",
			request->root, request->root);
		return 1;
	}
	return request->root ? status : status | compile_for_release(request, NULL);
}
