// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "kernel/bpf.h"
#include "kernel/btf_file.h"
#include "kernel/target.h"
#include "kernel/vmlinux.h"

#define ARCHIVE_PATH "/sys/kernel/kheaders.tar.xz"
#define MOST_LINKS   8 /* on the way from "build" to the headers; a distribution has one */

/* ---- headers ---- */

static bool exists_in(const char *directory, const char *file)
{
	char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	return !access(path, R_OK);
}

/*
 * Follows the links of a path below root as they are meant there: an absolute one begins at root.
 * False if nothing is there.
 */
static bool follow_links(const char *root, char path[PATH_MAX])
{
	char link[PATH_MAX], next[2 * PATH_MAX + 1];
	ssize_t length;
	int i, kept;

	for (i = 0; i < MOST_LINKS; i++) {
		length = readlink(path, link, sizeof(link) - 1);
		if (length < 0)
			return !access(path, R_OK);
		link[length] = '\0';
		kept = (int)(strrchr(path, '/') - path);
		if (*link == '/')
			length = snprintf(next, sizeof(next), "%s%s", root, link);
		else
			length = snprintf(next, sizeof(next), "%.*s/%s", kept, path, link);
		if (length >= PATH_MAX)
			return false;
		strcpy(path, next);
	}
	return false;
}

/* A tree that was never configured has no autoconf.h and can't be used. */
static bool is_configured(const struct target *target)
{
	if (!exists_in(target->build, "include/generated/autoconf.h"))
		return false;
	return exists_in(target->build, "include/linux/kconfig.h") ||
	       exists_in(target->source, "include/linux/kconfig.h");
}

static bool find_headers_in(struct target *target, const char *root, const char *modules)
{
	const char *release = target->kernel.release;

	snprintf(target->build, sizeof(target->build), "%s/%s/%s/build", root, modules, release);
	snprintf(target->source, sizeof(target->source), "%s/%s/%s/source", root, modules, release);
	if (!follow_links(root, target->source))
		*target->source = '\0';
	if (follow_links(root, target->build) && is_configured(target))
		return true;
	*target->build = *target->source = '\0';
	return false;
}

void target_find_headers(struct target *target, const char *root)
{
	const char *below = strcmp(root, "/") ? root : "";

	if (!find_headers_in(target, below, "lib/modules"))
		find_headers_in(target, below, "usr/lib/modules");
}

/* Whether the headers say that they are those of the kernel's release; false: of which they are. */
static bool belongs_to(const struct target *target, char *release, size_t size)
{
	char path[PATH_MAX + 64], *text, *start;
	size_t length;

	snprintf(path, sizeof(path), "%s/include/generated/utsrelease.h", target->build);
	text = file_read(path, &length);
	start = text ? strchr(text, '"') : NULL;
	*release = '\0';
	if (start)
		snprintf(release, size, "%.*s", (int)strcspn(start + 1, "\"\n"), start + 1);
	free(text);
	return !strcmp(release, target->kernel.release);
}

static int use_directory(struct target *target, const char *path, struct error *error)
{
	char release[sizeof(target->kernel.release)];

	target_find_headers(target, path);
	if (!*target->build) {
		snprintf(target->build, sizeof(target->build), "%s", path);
		if (!is_configured(target)) {
			*target->build = '\0';
			return error_set(error, ENOENT, "%s has no headers of kernel %s", path,
					 target->kernel.release);
		}
	}
	if (!belongs_to(target, release, sizeof(release)))
		return error_set(error, EINVAL, "the headers in %s are those of kernel %s, not %s",
				 target->build, *release ? release : "no known release",
				 target->kernel.release);
	return 0;
}

int target_use_headers(struct target *target, const char *path, struct error *error)
{
	char *whole = realpath(path, NULL);
	struct stat info;
	int err = 0;

	if (!whole || stat(whole, &info)) {
		error_set(error, errno, "%s: %s", path, strerror(errno));
		free(whole);
		return -ENOENT;
	}
	*target->build = *target->source = *target->archive = '\0';
	if (S_ISDIR(info.st_mode))
		err = use_directory(target, whole, error);
	else
		snprintf(target->archive, sizeof(target->archive), "%s", whole);
	free(whole);
	return err;
}

/* ---- what the kernel has ---- */

bool target_has_helper(const struct target *target, int helper)
{
	return target->is_running ? !bpf_try_helper(helper) : target->has_probe_read_kernel;
}

static bool has_enumerator(const char *path, const char *name)
{
	struct btf_file *btf;
	bool found = false;
	uint32_t id, i;

	if (btf_file_open(path, &btf))
		return false;
	for (id = 1; !found && id < btf_file_count(btf); id++) {
		const struct btf_type *type = btf_file_type(btf, id);

		for (i = 0; type_is(type, TYPE_ENUM) && !found && i < type_length(type); i++)
			found = !strcmp(btf_file_string(btf, type_enumerators(type)[i].name_off),
					name);
	}
	btf_file_close(btf);
	return found;
}

static bool has_word_in(const char *directory, const char *file, const char *word)
{
	char path[2 * PATH_MAX], *text;
	size_t size;
	bool found;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	text = *directory ? file_read(path, &size) : NULL;
	found = text && strstr(text, word);
	free(text);
	return found;
}

/* Of a kernel that can't be tried: by its types, or by the text of its headers. */
static void find_helpers(struct target *target)
{
	static const char header[] = "include/uapi/linux/bpf.h", word[] = "probe_read_kernel";

	target->has_probe_read_kernel =
		*target->btf ? has_enumerator(target->btf, "BPF_FUNC_probe_read_kernel") :
			       has_word_in(target->build, header, word) ||
				       has_word_in(target->source, header, word);
}

/* ---- the kernels ---- */

int target_check_machine(const struct target *target, struct error *error)
{
	struct utsname here;

	if (!uname(&here) && strcmp(here.machine, target->kernel.machine))
		return error_set(error, EINVAL,
				 "kernel %s is for %s: compile for it on such a machine, not on %s",
				 target->kernel.release, target->kernel.machine, here.machine);
	return 0;
}

static void init(struct target *target)
{
	*target = (struct target){ .page_size = (uint32_t)sysconf(_SC_PAGESIZE), .btf_fd = -1 };
}

static void take_path(char *taken, const char *path)
{
	if (!access(path, R_OK))
		strcpy(taken, path);
}

void target_running(struct target *target)
{
	init(target);
	target->is_running = true;
	kernel_identify(&target->kernel);
	target_find_headers(target, "/");
	take_path(target->btf, BTF_PATH);
	take_path(target->archive, ARCHIVE_PATH);
}

int target_take_btf(struct target *target, const void *data, size_t size, struct error *error)
{
	int err;

	target->btf_fd = file_in_memory("btf", false);
	err = target->btf_fd < 0 ? target->btf_fd : file_write_fd(target->btf_fd, data, size);
	if (err)
		return error_set(error, -err, "no memory for the kernel's BTF");
	snprintf(target->btf, sizeof(target->btf), "/proc/self/fd/%d", target->btf_fd);
	return 0;
}

/* Where distributions and debugging packages put a kernel's file; what is not packed comes first.
 */
static const struct place {
	const char *format;
	bool is_for_debugging; /* and may stay behind when the kernel is removed */
} places[] = {
	{ "%s/boot/vmlinux-%s", false },
	{ "%s/usr/lib/debug/boot/vmlinux-%s", true },
	{ "%s/usr/lib/debug/lib/modules/%s/vmlinux", true },
	{ "%s/boot/vmlinuz-%s", false },
	{ "%s/usr/lib/modules/%s/vmlinuz", false },
	{ "%s/lib/modules/%s/vmlinuz", false },
};

static bool find_kernel(const char *root, const char *release, bool for_debugging,
			char path[PATH_MAX])
{
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (places[i].is_for_debugging && !for_debugging)
			continue;
		snprintf(path, PATH_MAX, places[i].format, strcmp(root, "/") ? root : "", release);
		if (!access(path, F_OK))
			return true;
	}
	return false;
}

bool target_is_installed(const char *root, const char *release)
{
	char path[PATH_MAX];

	return find_kernel(root, release, false, path);
}

static int read_kernel(struct vmlinux *vmlinux, const char *root, const char *release,
		       struct error *error)
{
	char path[PATH_MAX];

	if (find_kernel(root, release, true, path))
		return vmlinux_read(vmlinux, path, error);
	return error_set(error, ENOENT, "there is no file vmlinuz-%s in %s/boot", release,
			 strcmp(root, "/") ? root : "");
}

int target_installed(struct target *target, const char *root, const char *release,
		     struct error *error)
{
	struct vmlinux vmlinux;
	const char *btf;
	size_t size;
	int err;

	init(target);
	if (strlen(root) + strlen(release) >= PATH_MAX / 4 ||
	    strlen(release) >= sizeof(target->kernel.release))
		return error_set(error, ENAMETOOLONG, "the kernel's name is too long");
	err = read_kernel(&vmlinux, root, release, error);
	if (err)
		return err;
	err = vmlinux_identify(&vmlinux, release, &target->kernel);
	if (err)
		error_set(error, -err, "the file of kernel %s in %s is another kernel's", release,
			  root);
	btf = err ? NULL : vmlinux_section(&vmlinux, ".BTF", &size);
	if (btf)
		err = target_take_btf(target, btf, size, error);
	vmlinux_free(&vmlinux);
	if (err) {
		target_close(target);
		return err;
	}
	target_find_headers(target, root);
	find_helpers(target);
	return 0;
}

void target_close(struct target *target)
{
	if (target->btf_fd >= 0)
		close(target->btf_fd);
	target->btf_fd = -1;
}
