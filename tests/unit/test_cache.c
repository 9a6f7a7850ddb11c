// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "compile/cache.h"
#include "compile/compiler.h"
#include "compile/libbcc.h"
#include "support.h"

struct bench {
	char *directory; /* contains everything below */
	char *cache;	 /* created by the first store */
	char *library;	 /* takes the place of libbcc */
	char *file;	 /* the key's file in the cache */
	struct image *image;
	struct cache_key key;
	struct target target;
	struct headers headers;
	struct compile_request request;
};

static const struct feature_test feature_tests[] = {
	{ "HAS_IT", "struct task_struct", "mm", "linux/sched.h" },
	{},
};

static int set_up(void **state)
{
	static const struct bpf_insn program[] = { LOAD_MAP(1, 0), MOVE_NUMBER(0, 0), EXIT() };
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	bench->directory = make_directory();
	bench->cache = join(bench->directory, "cache");
	bench->library = join(bench->directory, "libbcc.so.0");
	write_file(bench->library, "library", 7);
	bench->image = make_image();
	assert_int_equal(libbcc_identity(bench->library, bench->image->compiler,
					 sizeof(bench->image->compiler)),
			 0);
	add_map(bench->image, "events", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0);
	ADD_PROGRAM(bench->image, "on_exit", program);
	strcpy(bench->target.kernel.release, "6.1.0-9-amd64");
	strcpy(bench->target.kernel.version, "#1 SMP Debian 6.1.27-1");
	strcpy(bench->target.kernel.machine, "x86_64");
	strcpy(bench->target.kernel.build_id, "abcd");
	strcpy(bench->headers.origin, "/lib/modules/x/build size 1 time 2");
	bench->request = (struct compile_request){
		.tool = "tool",
		.source = "int a;",
		.feature_tests = feature_tests,
		.target = &bench->target,
		.headers = &bench->headers,
	};
	assert_int_equal(cache_key_make(&bench->key, &bench->request), 0);
	bench->file = join(bench->cache, bench->key.file);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	cache_key_free(&bench->key);
	image_free(bench->image);
	free(bench->cache);
	free(bench->library);
	free(bench->file);
	remove_directory(bench->directory);
	free(bench);
	return 0;
}

static bool is_found(const struct bench *bench)
{
	struct image *image = cache_load(bench->cache, &bench->key);
	bool found = image != NULL;

	image_free(image);
	return found;
}

static void store(const struct bench *bench)
{
	assert_int_equal(cache_store(bench->cache, &bench->key, bench->image), 0);
}

/* One good file in the cache: each test spoils it in another way. */
static void store_and_find(const struct bench *bench)
{
	store(bench);
	assert_true(is_found(bench));
}

static void what_is_stored_is_found(void **state)
{
	struct bench *bench = *state;
	struct image *image;
	struct stat info;

	need_root();
	assert_false(is_found(bench));
	umask(0);
	store(bench);
	umask(0022);
	image = cache_load(bench->cache, &bench->key);
	assert_non_null(image);
	assert_string_equal(image->compiler, bench->image->compiler);
	assert_int_equal(image->map_count, 1);
	assert_memory_equal(image->programs[0].instructions, bench->image->programs[0].instructions,
			    4 * sizeof(struct bpf_insn));
	image_free(image);
	assert_int_equal(stat(bench->cache, &info), 0);
	assert_int_equal(info.st_mode, S_IFDIR | 0755);
	assert_int_equal(stat(bench->file, &info), 0);
	assert_int_equal(info.st_mode, S_IFREG | 0644);
	assert_int_equal(count_entries(bench->cache), 1);
}

static void a_store_replaces_the_file(void **state)
{
	struct bench *bench = *state;
	struct image *image;

	need_root();
	store(bench);
	bench->image->kern_version = 77;
	store(bench);
	image = cache_load(bench->cache, &bench->key);
	assert_int_equal(image->kern_version, 77);
	image_free(image);
	assert_int_equal(count_entries(bench->cache), 1);
}

static void a_tight_umask_does_not_matter(void **state)
{
	struct bench *bench = *state;
	struct stat info;

	need_root();
	umask(0077);
	store(bench);
	umask(0022);
	assert_int_equal(stat(bench->file, &info), 0);
	assert_int_equal(info.st_mode, S_IFREG | 0644);
	assert_true(is_found(bench));
}

static void every_changed_byte_is_seen(void **state)
{
	struct bench *bench = *state;
	char *content;
	size_t size, i;

	need_root();
	store_and_find(bench);
	content = file_read(bench->file, &size);
	for (i = 0; i < size; i++) {
		content[i] ^= (char)(1 << i % 8);
		write_file(bench->file, content, size);
		if (is_found(bench))
			fail_msg("byte %zu of %zu was changed", i, size);
		content[i] ^= (char)(1 << i % 8);
	}
	write_file(bench->file, content, size);
	assert_true(is_found(bench));
	free(content);
}

static void every_truncation_is_seen(void **state)
{
	struct bench *bench = *state;
	char *content;
	size_t size, i;

	need_root();
	store_and_find(bench);
	content = file_read(bench->file, &size);
	for (i = 0; i < size; i++) {
		write_file(bench->file, content, i);
		if (is_found(bench))
			fail_msg("%zu of %zu bytes were taken", i, size);
	}
	content[size] = '\0';
	write_file(bench->file, content, size + 1);
	assert_false(is_found(bench));
	free(content);
}

/* A file that was renamed by hand, or a hash that two keys share. */
static void a_file_with_another_key_is_not_taken(void **state)
{
	struct bench *bench = *state;
	struct compile_request request = bench->request;
	struct cache_key other;
	char *path;

	need_root();
	store_and_find(bench);
	request.source = "int b;";
	assert_int_equal(cache_key_make(&other, &request), 0);
	assert_string_not_equal(other.file, bench->key.file);
	path = join(bench->cache, other.file);
	assert_int_equal(rename(bench->file, path), 0);
	assert_null(cache_load(bench->cache, &other));
	assert_int_equal(rename(path, bench->file), 0);
	assert_true(is_found(bench));
	free(path);
	cache_key_free(&other);
}

static void assert_another_key(const struct bench *bench, const struct compile_request *request)
{
	struct cache_key key;

	assert_int_equal(cache_key_make(&key, request), 0);
	assert_string_not_equal(key.file, bench->key.file);
	cache_key_free(&key);
}

static void the_key_is_of_everything(void **state)
{
	static const struct feature_test others[][2] = {
		{ { "HAS_IT2", "struct task_struct", "mm", "linux/sched.h" } },
		{ { "HAS_IT", "struct task", "mm", "linux/sched.h" } },
		{ { "HAS_IT", "struct task_struct", NULL, "linux/sched.h" } },
		{ { "HAS_IT", "struct task_struct", "mm", "linux/mm.h" } },
		{ { "HAS_IT", "struct task_struct", "mm", NULL } },
		{},
	};
	static const char *const one_define[] = { "A=1", NULL };
	static const char *const other_define[] = { "A=2", NULL };
	struct bench *bench = *state;
	struct compile_request with_define = bench->request;
	struct cache_key same, other_key;
	size_t i;

	assert_int_equal(cache_key_make(&same, &bench->request), 0);
	assert_string_equal(same.file, bench->key.file);
	assert_string_equal(same.text, bench->key.text);
	assert_int_equal(strncmp(same.file, "tool-", 5), 0);
	assert_null(strchr(same.file, '/'));
	cache_key_free(&same);
#define OTHER(member, value)                                   \
	do {                                                   \
		struct compile_request other = bench->request; \
		other.member = value;                          \
		assert_another_key(bench, &other);             \
	} while (0)
#define OTHER_TEXT(of, member, value)                  \
	do {                                           \
		typeof(bench->of) changed = bench->of; \
		strcpy(changed.member, value);         \
		OTHER(of, &changed);                   \
	} while (0)
	OTHER_TEXT(target, kernel.release, "6.1.0-10-amd64");
	OTHER_TEXT(target, kernel.version, "#2 SMP Debian 6.1.27-1");
	OTHER_TEXT(target, kernel.machine, "aarch64");
	OTHER_TEXT(target, kernel.build_id, "");
	OTHER_TEXT(headers, origin, "/lib/modules/x/build size 1 time 3");
	for (i = 0; i < ARRAY_SIZE(others); i++)
		OTHER(feature_tests, others[i]);
	OTHER(feature_tests, NULL);
	OTHER(defines, one_define);
	with_define.defines = one_define;
	assert_int_equal(cache_key_make(&same, &with_define), 0);
	with_define.defines = other_define;
	assert_int_equal(cache_key_make(&other_key, &with_define), 0);
	assert_string_not_equal(same.file, other_key.file);
	cache_key_free(&same);
	cache_key_free(&other_key);
	OTHER(source, "int a; ");
	OTHER(tool, "tool2");
	OTHER(is_own, true);
#undef OTHER_TEXT
#undef OTHER
}

static void only_roots_own_is_trusted(void **state)
{
	struct bench *bench = *state;

	need_root();
	store_and_find(bench);
	assert_int_equal(chown(bench->file, 1, 0), 0);
	assert_false(is_found(bench));
	assert_int_equal(chown(bench->file, 0, 1), 0);
	assert_true(is_found(bench));
	assert_int_equal(chmod(bench->file, 0664), 0);
	assert_false(is_found(bench));
	assert_int_equal(chmod(bench->file, 0646), 0);
	assert_false(is_found(bench));
	assert_int_equal(chmod(bench->file, 0600), 0);
	assert_true(is_found(bench));
}

static void only_roots_own_directory_is_trusted(void **state)
{
	struct bench *bench = *state;

	need_root();
	store_and_find(bench);
	assert_int_equal(chown(bench->cache, 1, 0), 0);
	assert_false(is_found(bench));
	assert_int_equal(cache_store(bench->cache, &bench->key, bench->image), -EPERM);
	assert_int_equal(chown(bench->cache, 0, 0), 0);
	assert_int_equal(chmod(bench->cache, 0775), 0);
	assert_false(is_found(bench));
	assert_int_equal(chmod(bench->cache, 01777), 0);
	assert_false(is_found(bench));
	assert_int_equal(cache_store(bench->cache, &bench->key, bench->image), -EPERM);
	assert_int_equal(chmod(bench->cache, 0755), 0);
	assert_true(is_found(bench));
}

static void links_are_not_followed(void **state)
{
	struct bench *bench = *state;
	char *elsewhere, *content;
	size_t size;

	need_root();
	elsewhere = join(bench->directory, "elsewhere");
	store_and_find(bench);
	/* the file */
	assert_int_equal(rename(bench->file, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, bench->file), 0);
	assert_false(is_found(bench));
	/* A store replaces the link and does not touch its target. */
	write_file(elsewhere, "precious", 8);
	store_and_find(bench);
	content = file_read(elsewhere, &size);
	assert_string_equal(content, "precious");
	free(content);
	assert_int_equal(unlink(elsewhere), 0);
	/* the directory */
	assert_int_equal(rename(bench->cache, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, bench->cache), 0);
	assert_false(is_found(bench));
	assert_true(cache_store(bench->cache, &bench->key, bench->image) < 0);
	free(elsewhere);
}

static void a_planted_temporary_file_is_no_way_in(void **state)
{
	struct bench *bench = *state;
	char *victim, *temporary, *content;
	size_t size;

	need_root();
	victim = join(bench->directory, "victim");
	store_and_find(bench);
	assert_true(asprintf(&temporary, "%s/.%s.%d", bench->cache, bench->key.file,
			     (int)getpid()) > 0);
	write_file(victim, "precious", 8);
	assert_int_equal(symlink(victim, temporary), 0);
	store_and_find(bench);
	content = file_read(victim, &size);
	assert_string_equal(content, "precious");
	assert_int_equal(count_entries(bench->cache), 1);
	free(content);
	free(temporary);
	free(victim);
}

/* The tool must not wait for a FIFO either. */
static void what_is_no_file_is_not_read(void **state)
{
	struct bench *bench = *state;

	need_root();
	store_and_find(bench);
	assert_int_equal(unlink(bench->file), 0);
	assert_int_equal(mkfifo(bench->file, 0644), 0);
	alarm(20);
	assert_false(is_found(bench));
	store_and_find(bench);
	assert_int_equal(unlink(bench->file), 0);
	assert_int_equal(mkdir(bench->file, 0755), 0);
	assert_false(is_found(bench));
	assert_true(cache_store(bench->cache, &bench->key, bench->image) < 0);
	assert_int_equal(count_entries(bench->cache), 1);
	alarm(0);
}

static void a_huge_file_is_not_read(void **state)
{
	struct bench *bench = *state;

	need_root();
	store_and_find(bench);
	assert_int_equal(truncate(bench->file, 1LL << 40), 0);
	assert_false(is_found(bench));
}

static void another_libbcc_makes_it_void(void **state)
{
	struct bench *bench = *state;
	const struct timespec later[2] = { { .tv_sec = 2000000000 }, { .tv_sec = 2000000000 } };
	char *aside;

	need_root();
	aside = join(bench->directory, "aside");
	store_and_find(bench);
	assert_int_equal(rename(bench->library, aside), 0);
	assert_false(is_found(bench));
	assert_int_equal(rename(aside, bench->library), 0);
	assert_true(is_found(bench));
	assert_int_equal(utimensat(AT_FDCWD, bench->library, later, 0), 0);
	assert_false(is_found(bench));
	write_file(bench->library, "a longer library", 16);
	assert_false(is_found(bench));
	strcpy(bench->image->compiler, "no such line");
	store(bench);
	assert_false(is_found(bench));
	free(aside);
}

static void assert_reason(const struct bench *bench, const char *reason)
{
	struct error why = {};

	assert_null(cache_load_any(bench->cache, &bench->key, &why));
	if (reason ? !strstr(why.text, reason) : *why.text)
		fail_msg("%s", why.text);
}

static void any_libbccs_is_good_elsewhere(void **state)
{
	struct bench *bench = *state;
	struct error why = {};
	struct image *image;

	need_root();
	assert_reason(bench, NULL);
	store_and_find(bench);
	assert_int_equal(unlink(bench->library), 0);
	assert_false(is_found(bench));
	image = cache_load_any(bench->cache, &bench->key, &why);
	assert_non_null(image);
	image_free(image);
}

static void why_one_is_not_taken_is_said(void **state)
{
	struct bench *bench = *state;

	need_root();
	store_and_find(bench);
	assert_int_equal(chmod(bench->file, 0666), 0);
	assert_reason(bench, "others can write it");
	assert_int_equal(chmod(bench->file, 0644), 0);
	write_file(bench->file, "SNOOPIMG", 8);
	assert_reason(bench, "is no program of snoopkit");
	assert_int_equal(unlink(bench->file), 0);
	assert_reason(bench, NULL);
	assert_int_equal(symlink("/etc/passwd", bench->file), 0);
	assert_reason(bench, "is a symbolic link");
	assert_int_equal(chmod(bench->cache, 0777), 0);
	assert_reason(bench, "must be a directory of root's own");
}

/* Where its headers are, and when they were written, is not so on another machine. */
static void a_portable_key_has_nothing_of_the_machine(void **state)
{
	struct bench *bench = *state;
	struct cache_key one, other;

	assert_int_equal(cache_key_make_portable(&one, &bench->request, "any"), 0);
	strcpy(bench->headers.origin, "/somewhere/else");
	assert_int_equal(cache_key_make_portable(&other, &bench->request, "any"), 0);
	assert_string_equal(one.text, other.text);
	cache_key_free(&other);
	assert_int_equal(cache_key_make_portable(&other, &bench->request, "BTF"), 0);
	assert_string_not_equal(one.file, other.file);
	cache_key_free(&other);
	strcpy(bench->target.kernel.build_id, "abce");
	assert_int_equal(cache_key_make_portable(&other, &bench->request, "any"), 0);
	assert_string_not_equal(one.file, other.file);
	cache_key_free(&other);
	cache_key_free(&one);
}

struct listed {
	const struct bench *bench;
	int count, untrusted;
};

static bool see(void *context, const struct cache_entry *entry)
{
	struct listed *listed = context;

	listed->count++;
	if (entry->untrusted) {
		listed->untrusted++;
		return true;
	}
	assert_string_equal(entry->file, listed->bench->key.file);
	assert_string_equal(entry->snoopkit, SNOOPKIT_VERSION);
	assert_string_equal(entry->kernel.release, "6.1.0-9-amd64");
	assert_string_equal(entry->kernel.version, "#1 SMP Debian 6.1.27-1");
	assert_string_equal(entry->kernel.machine, "x86_64");
	assert_string_equal(entry->kernel.build_id, "abcd");
	return true;
}

static void a_directory_is_listed(void **state)
{
	struct bench *bench = *state;
	struct listed listed = { .bench = bench };
	char *path;

	need_root();
	assert_int_equal(cache_list(bench->cache, see, &listed), -ENOENT);
	store_and_find(bench);
	path = join(bench->cache, "README");
	write_file(path, "", 0);
	free(path);
	path = join(bench->cache, "tool-00000000000000000000000000000000");
	write_file(path, "junk", 4);
	free(path);
	assert_int_equal(cache_list(bench->cache, see, &listed), 0);
	assert_int_equal(listed.count, 2);
	assert_int_equal(listed.untrusted, 1);
}

static void adding_removes_nothing(void **state)
{
	struct bench *bench = *state;
	char *path, name[64];
	int i;

	need_root();
	store_and_find(bench);
	for (i = 0; i < 2 * CACHE_IMAGES; i++) {
		snprintf(name, sizeof(name), "tool-%032x", i);
		path = join(bench->cache, name);
		write_file(path, "", 0);
		free(path);
	}
	assert_int_equal(cache_add(bench->cache, &bench->key, bench->image), 0);
	assert_int_equal(count_entries(bench->cache), 2 * CACHE_IMAGES + 1);
	assert_true(is_found(bench));
}

static void a_missing_parent_is_an_error(void **state)
{
	struct bench *bench = *state;
	char *deep = join(bench->directory, "a/b");

	assert_int_equal(cache_store(deep, &bench->key, bench->image), -ENOENT);
	assert_null(cache_load(deep, &bench->key));
	assert_int_equal(cache_store(bench->library, &bench->key, bench->image), -ENOTDIR);
	free(deep);
}

static void a_file_limit_leaves_the_cache_as_it_was(void **state)
{
	struct bench *bench = *state;
	struct rlimit before, limit;

	need_root();
	store_and_find(bench);
	bench->image->kern_version = 1;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 300;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(cache_store(bench->cache, &bench->key, bench->image), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(count_entries(bench->cache), 1);
	assert_true(is_found(bench));
}

static void a_full_disk_leaves_the_cache_as_it_was(void **state)
{
	struct bench *bench = *state;
	static char filling[65536];
	char *large;
	FILE *file;

	need_root();
	need_private_mounts();
	assert_int_equal(mkdir(bench->cache, 0755), 0);
	assert_int_equal(mount("none", bench->cache, "tmpfs", 0, "size=16k,mode=755"), 0);
	store_and_find(bench);
	large = join(bench->cache, "large");
	file = fopen(large, "w");
	fwrite(filling, 1, sizeof(filling), file);
	fclose(file);
	assert_int_equal(cache_store(bench->cache, &bench->key, bench->image), -ENOSPC);
	assert_int_equal(count_entries(bench->cache), 2);
	assert_true(is_found(bench));
	assert_int_equal(mount("none", bench->cache, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(cache_store(bench->cache, &bench->key, bench->image), -EROFS);
	assert_true(is_found(bench));
	assert_int_equal(umount(bench->cache), 0);
	free(large);
}

static void nobody_can_store(void **state)
{
	struct bench *bench = *state;
	int status;
	pid_t pid;

	need_root();
	store_and_find(bench);
	pid = fork();
	if (!pid) {
		become_nobody();
		_exit(cache_store(bench->cache, &bench->key, bench->image) == -EACCES &&
				      is_found(bench) ?
			      0 :
			      1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Several tools may start at once: the file must be whole at any time. */
static void stores_at_the_same_time(void **state)
{
	struct bench *bench = *state;
	int i, k, status, missed = 0;
	pid_t pids[2];

	need_root();
	store_and_find(bench);
	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			for (k = 0; k < 200; k++)
				if (cache_store(bench->cache, &bench->key, bench->image))
					_exit(1);
			_exit(0);
		}
	}
	for (k = 0; k < 200; k++)
		missed += !is_found(bench);
	for (i = 0; i < 2; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(missed, 0);
	assert_int_equal(count_entries(bench->cache), 1);
}

static void nothing_stays_open(void **state)
{
	struct bench *bench = *state;
	size_t before = count_descriptors();

	need_root();
	store_and_find(bench);
	assert_int_equal(chmod(bench->file, 0666), 0);
	assert_false(is_found(bench));
	assert_int_equal(chmod(bench->cache, 0777), 0);
	assert_false(is_found(bench));
	assert_true(cache_store(bench->cache, &bench->key, bench->image) < 0);
	assert_int_equal(count_descriptors(), before);
}

/* Makes an image's file of a tool, with the times of its use and its storing in quarter seconds. */
static char *add_used(const struct bench *bench, const char *tool, unsigned int number,
		      time_t accessed, time_t modified)
{
	const struct timespec times[2] = { { accessed / 4, accessed % 4 * 250000000 },
					   { modified / 4, modified % 4 * 250000000 } };
	char *path;

	assert_true(asprintf(&path, "%s/%s-%032x", bench->cache, tool, number) > 0);
	write_file(path, "old", 3);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	return path;
}

static bool exists(const char *path)
{
	struct stat info;

	return !lstat(path, &info);
}

static void the_images_used_last_are_kept(void **state)
{
	struct bench *bench = *state;
	char *images[2 * CACHE_IMAGES], *other;
	unsigned int i, order;

	need_root();
	store_and_find(bench);
	/*
	 * The times follow neither the names nor the order in which the files are made and listed;
	 * every other file was used after it was stored.
	 */
	for (i = 0; i < ARRAY_SIZE(images); i++) {
		order = i * 5 % ARRAY_SIZE(images);
		images[order] = add_used(bench, "tool", i * 7 % ARRAY_SIZE(images),
					 i % 2 ? 1000 + order : 500, i % 2 ? 500 : 1000 + order);
	}
	/* tools whose names begin or end with this tool's */
	other = add_used(bench, "too", 1, 1, 1);
	free(add_used(bench, "toolset", 1, 1, 1));
	free(add_used(bench, "mytool", 1, 1, 1));
	assert_true(is_found(bench));
	assert_true(exists(images[0]));
	store_and_find(bench);
	for (i = 0; i < ARRAY_SIZE(images); i++) {
		assert_int_equal(exists(images[i]), i > CACHE_IMAGES);
		free(images[i]);
	}
	assert_int_equal(count_entries(bench->cache), CACHE_IMAGES + 3);
	assert_true(exists(other));
	free(other);
}

/* As on a file system that does not note reads. */
static void a_use_is_noted(void **state)
{
	static const struct timespec long_ago[] = { { .tv_sec = 100 }, { .tv_sec = 50 } };
	struct bench *bench = *state;
	struct cache_key other = { .file = "tool-0" };
	struct stat info;

	need_root();
	store_and_find(bench);
	assert_int_equal(utimensat(AT_FDCWD, bench->file, long_ago, 0), 0);
	cache_note_use(bench->cache, &bench->key);
	assert_int_equal(stat(bench->file, &info), 0);
	assert_true(time(NULL) - info.st_atime < 100);
	assert_int_equal(info.st_mtime, 50);
	cache_note_use(bench->cache, &other);
	cache_note_use("/nonexistent", &bench->key);
	assert_int_equal(count_entries(bench->cache), 1);
	assert_true(is_found(bench));
}

/* Even if it looks like the oldest, because the clock was set back. */
static void the_image_just_stored_is_kept(void **state)
{
	struct bench *bench = *state;
	unsigned int i;

	need_root();
	store_and_find(bench);
	for (i = 0; i < 2 * CACHE_IMAGES; i++)
		free(add_used(bench, "tool", i, 16000000000, 16000000000));
	store_and_find(bench);
	assert_int_equal(count_entries(bench->cache), CACHE_IMAGES);
}

#define OLD_IMAGE "tool-00000000000000000000000000000001"

static void only_images_are_removed(void **state)
{
	static const char *const names[] = {
		"tool",
		"tool-",
		"tool-1",
		"tool-old.img",
		"README",
		".tool-1.1",
		".tool-.1",
		".hidden",
		"lost+found",
		/* a temporary file's name but for its end, or its beginning */
		"." OLD_IMAGE,
		"." OLD_IMAGE ".",
		"." OLD_IMAGE "+999999999",
		"." OLD_IMAGE ".999999999x",
		OLD_IMAGE ".999999999",
	};
	struct bench *bench = *state;
	char *link, *owned, *writable, *victim, *path;
	unsigned int i;

	need_root();
	store_and_find(bench);
	for (i = 0; i < 2 * CACHE_IMAGES; i++)
		free(add_used(bench, "tool", 1000 + i, 5000, 5000));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		path = join(bench->cache, names[i]);
		write_file(path, "", 0);
		free(path);
	}
	/* Neither a link nor its target is removed, nor a file that is not root's own. */
	victim = join(bench->directory, "victim");
	write_file(victim, "precious", 8);
	link = add_used(bench, "tool", 1, 1, 1);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink(victim, link), 0);
	owned = add_used(bench, "tool", 2, 1, 1);
	assert_int_equal(chown(owned, 65534, 65534), 0);
	writable = add_used(bench, "tool", 3, 1, 1);
	assert_int_equal(chmod(writable, 0666), 0);
	store_and_find(bench);
	assert_true(exists(victim) && exists(link) && exists(owned) && exists(writable));
	assert_int_equal(count_entries(bench->cache), CACHE_IMAGES + ARRAY_SIZE(names) + 3);
	free(victim);
	free(link);
	free(owned);
	free(writable);
}

/* "DIRECTORY/.TOOL-HASH.PID", the name of the temporary file of a store. */
static char *add_temporary(const struct bench *bench, const char *tool, long pid)
{
	char *path;

	assert_true(asprintf(&path, "%s/.%s-%032x.%ld", bench->cache, tool, 1, pid) > 0);
	write_file(path, "half", 4);
	return path;
}

static void what_a_killed_process_left_is_removed(void **state)
{
	struct bench *bench = *state;
	char *ours, *others, *impossible, *alive;
	pid_t gone = fork();

	if (!gone)
		_exit(0);
	assert_int_equal(waitpid(gone, NULL, 0), gone);
	need_root();
	store_and_find(bench);
	ours = add_temporary(bench, "tool", gone);
	others = add_temporary(bench, "other", gone);
	impossible = add_temporary(bench, "tool", 99999999999);
	alive = add_temporary(bench, "tool", getppid());
	assert_true(is_found(bench));
	assert_true(exists(ours));
	store_and_find(bench);
	assert_false(exists(ours) || exists(others) || exists(impossible));
	assert_true(exists(alive));
	free(ours);
	free(others);
	free(impossible);
	free(alive);
}

/* The tests write thousands of small files, which are slow on a disk. */
static int work_in_memory(void **state)
{
	(void)state;
	if (!geteuid() && make_mounts_private())
		mount("none", "/tmp", "tmpfs", 0, "mode=1777");
	return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_stored_is_found),
		TEST(a_store_replaces_the_file),
		TEST(a_tight_umask_does_not_matter),
		TEST(every_changed_byte_is_seen),
		TEST(every_truncation_is_seen),
		TEST(a_file_with_another_key_is_not_taken),
		TEST(the_key_is_of_everything),
		TEST(only_roots_own_is_trusted),
		TEST(only_roots_own_directory_is_trusted),
		TEST(links_are_not_followed),
		TEST(a_planted_temporary_file_is_no_way_in),
		TEST(what_is_no_file_is_not_read),
		TEST(a_huge_file_is_not_read),
		TEST(another_libbcc_makes_it_void),
		TEST(any_libbccs_is_good_elsewhere),
		TEST(why_one_is_not_taken_is_said),
		TEST(a_portable_key_has_nothing_of_the_machine),
		TEST(a_directory_is_listed),
		TEST(adding_removes_nothing),
		TEST(a_missing_parent_is_an_error),
		TEST(a_file_limit_leaves_the_cache_as_it_was),
		TEST(a_full_disk_leaves_the_cache_as_it_was),
		TEST(nobody_can_store),
		TEST(stores_at_the_same_time),
		TEST(the_images_used_last_are_kept),
		TEST(a_use_is_noted),
		TEST(the_image_just_stored_is_kept),
		TEST(only_images_are_removed),
		TEST(what_a_killed_process_left_is_removed),
		TEST(nothing_stays_open),
	};

	return cmocka_run_group_tests(tests, work_in_memory, NULL);
}
