// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/file.h"
#include "compile/cache.h"
#include "compile/libbcc.h"

#define MAGIC	 "SNOOPIMG"
#define MAX_SIZE (16 << 20) /* of a file, in bytes; the largest image has a hundredth of that */

struct file_header {
	char magic[8];
	uint32_t format;      /* IMAGE_FORMAT */
	uint32_t key_size;    /* in bytes, of the key's text, which follows the header */
	uint64_t size;	      /* in bytes, of the key's text and the image after it */
	uint64_t checksum[2]; /* of both and this header without it */
};

/*
 * 128 bits of hash: a hash of 64 with two seeds. xxHash has one of 128 only since 0.8, which older
 * distributions lack. Who could make two texts of one hash can write the files themselves.
 */
static void hash_bytes(const void *data, size_t size, uint64_t seed, uint64_t hash[2])
{
	hash[0] = XXH64(data, size, seed);
	hash[1] = XXH64(data, size, ~seed);
}

static void checksum(const struct file_header *header, const void *content, uint64_t sum[2])
{
	struct file_header bare = *header;

	memset(bare.checksum, 0, sizeof(bare.checksum));
	hash_bytes(content, header->size, XXH64(&bare, sizeof(bare), 0), sum);
}

/* The hash as 32 hexadecimal digits and a NUL. */
static void write_hash(const char *text, char digits[33])
{
	uint64_t hash[2];

	hash_bytes(text, strlen(text), 0, hash);
	snprintf(digits, 33, "%016" PRIx64 "%016" PRIx64, hash[0], hash[1]);
}

int cache_key_make(struct cache_key *key, const struct compile_request *request)
{
	const struct feature_test *feature_tests = request->feature_tests;
	const struct kernel *kernel = request->kernel;
	const char *const *flag, *const *define = request->defines;
	struct buffer text = {};
	char digits[33];

	write_hash(request->source, digits);
	buffer_printf(&text, "snoopkit: %s\nsource: %s\n", SNOOPKIT_VERSION, digits);
	for (flag = compiler_flags(request); *flag; flag++)
		buffer_printf(&text, "flag: %s\n", *flag);
	for (; define && *define; define++)
		buffer_printf(&text, "define: %s\n", *define);
	for (; feature_tests && feature_tests->define; feature_tests++)
		buffer_printf(&text, "feature test: %s %s %s <%s>\n", feature_tests->define,
			      feature_tests->type,
			      feature_tests->member ? feature_tests->member : "",
			      feature_tests->header ? feature_tests->header : "");
	buffer_printf(&text, "kernel: %s %s %s\nbuild: %s\nheaders: %s\n", kernel->release,
		      kernel->machine, kernel->version, kernel->build_id, request->headers->origin);
	key->text = buffer_take_string(&text);
	buffer_free(&text);
	if (!key->text)
		return -ENOMEM;
	write_hash(key->text, digits);
	snprintf(key->file, sizeof(key->file), "%s-%s", request->tool, digits);
	return 0;
}

void cache_key_free(struct cache_key *key)
{
	free(key->text);
	key->text = NULL;
}

/* Opens the directory if it can be trusted. Its parents are the system's and are not checked. */
static int open_directory(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat info;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &info) || !file_is_roots_own(&info, S_IFDIR)) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

static struct image *read_image(const struct cache_key *key, const char *data, size_t size)
{
	struct image *image = NULL;
	struct file_header header;
	uint64_t sum[2];

	if (size < sizeof(header))
		return NULL;
	memcpy(&header, data, sizeof(header));
	data += sizeof(header);
	if (memcmp(header.magic, MAGIC, sizeof(header.magic)) || header.format != IMAGE_FORMAT ||
	    header.size != size - sizeof(header) || header.key_size > header.size)
		return NULL;
	checksum(&header, data, sum);
	if (memcmp(sum, header.checksum, sizeof(sum)) || header.key_size != strlen(key->text) ||
	    memcmp(data, key->text, header.key_size))
		return NULL;
	if (image_read(data + header.key_size, header.size - header.key_size, &image))
		return NULL;
	if (!libbcc_is_unchanged(image->compiler)) {
		image_free(image);
		return NULL;
	}
	return image;
}

struct image *cache_load(const char *directory, const struct cache_key *key)
{
	struct image *image = NULL;
	struct buffer content = {};
	int directory_fd, fd = -1;
	struct stat info;

	directory_fd = open_directory(directory);
	if (directory_fd < 0)
		return NULL;
	fd = openat(directory_fd, key->file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && !fstat(fd, &info) && file_is_roots_own(&info, S_IFREG) &&
	    info.st_size <= MAX_SIZE && !file_read_fd(fd, &content))
		image = read_image(key, content.data, content.size);
	if (fd >= 0)
		close(fd);
	close(directory_fd);
	buffer_free(&content);
	return image;
}

static int replace_file(int directory_fd, const char *name, const struct buffer *content)
{
	char temporary[sizeof(((struct cache_key *)0)->file) + 32];
	int fd, err;

	snprintf(temporary, sizeof(temporary), ".%s.%d", name, (int)getpid());
	unlinkat(directory_fd, temporary, 0);
	fd = openat(directory_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0644);
	if (fd < 0)
		return -errno;
	err = file_write_fd(fd, content->data, content->size);
	if (fchmod(fd, 0644) && !err)
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(directory_fd, temporary, directory_fd, name))
		err = -errno;
	if (err)
		unlinkat(directory_fd, temporary, 0);
	return err;
}

/* ---- removing old files ---- */

#define HASH_DIGITS "0123456789abcdef"
#define HASH_LENGTH 32

struct kept {
	char name[sizeof(((struct cache_key *)0)->file)];
	struct timespec used;
};

static bool is_image_of(const char *name, const char *tool, size_t tool_length)
{
	const char *hash = name + tool_length + 1;

	return !strncmp(name, tool, tool_length) && name[tool_length] == '-' &&
	       strspn(hash, HASH_DIGITS) == HASH_LENGTH && !hash[HASH_LENGTH];
}

/*
 * Whether a name is that of a temporary file of replace_file() whose process has ended. A process
 * in another PID namespace seems to have ended: removing its file only makes its store fail.
 */
static bool is_abandoned(const char *name)
{
	const char *dash = *name == '.' ? strchr(name, '-') : NULL, *pid;
	long number;
	char *end;

	if (!dash || strspn(dash + 1, HASH_DIGITS) != HASH_LENGTH)
		return false;
	pid = dash + 1 + HASH_LENGTH;
	if (*pid++ != '.' || strspn(pid, "0123456789") != strlen(pid))
		return false;
	number = strtol(pid, &end, 10);
	return end != pid && (number > INT_MAX || (kill((pid_t)number, 0) && errno == ESRCH));
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Adds a file to those used last. If they become too many, removes the one with the oldest use. */
static void keep(int directory_fd, struct kept *kept, size_t *count, const char *name,
		 const struct stat *info)
{
	struct kept file = { .used = info->st_atim }, *oldest = &kept[0];
	size_t i;

	if (is_later(&info->st_mtim, &file.used))
		file.used = info->st_mtim;
	memcpy(file.name, name, strlen(name) + 1); /* is_image_of() has checked its length */
	if (*count < CACHE_IMAGES - 1) {
		kept[(*count)++] = file;
		return;
	}
	for (i = 1; i < *count; i++)
		if (is_later(&oldest->used, &kept[i].used))
			oldest = &kept[i];
	if (is_later(&file.used, &oldest->used)) {
		unlinkat(directory_fd, oldest->name, 0);
		*oldest = file;
	} else {
		unlinkat(directory_fd, file.name, 0);
	}
}

/* Removes old files, but not the one that was just stored. An error only costs disk space. */
static void clean(int directory_fd, const char *stored)
{
	size_t tool_length = (size_t)(strrchr(stored, '-') - stored), count = 0;
	struct kept kept[CACHE_IMAGES - 1];
	const struct dirent *entry;
	struct stat info;
	DIR *entries;
	int fd;

	fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	entries = fd < 0 ? NULL : fdopendir(fd);
	if (!entries) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(entries))) {
		const char *name = entry->d_name;
		bool is_image = is_image_of(name, stored, tool_length) && strcmp(name, stored);

		if ((!is_image && !is_abandoned(name)) ||
		    fstatat(directory_fd, name, &info, AT_SYMLINK_NOFOLLOW) ||
		    !file_is_roots_own(&info, S_IFREG))
			continue;
		if (is_image)
			keep(directory_fd, kept, &count, name, &info);
		else
			unlinkat(directory_fd, name, 0);
	}
	closedir(entries);
}

int cache_store(const char *directory, const struct cache_key *key, const struct image *image)
{
	struct file_header header = { .magic = MAGIC,
				      .format = IMAGE_FORMAT,
				      .key_size = (uint32_t)strlen(key->text) };
	struct buffer content = {};
	int directory_fd, err;

	if (mkdir(directory, 0755) && errno != EEXIST)
		return -errno;
	directory_fd = open_directory(directory);
	if (directory_fd < 0)
		return directory_fd;
	buffer_append(&content, &header, sizeof(header));
	buffer_append(&content, key->text, header.key_size);
	image_write(image, &content);
	if (content.failed) {
		err = -ENOMEM;
		goto out;
	}
	header.size = content.size - sizeof(header);
	checksum(&header, content.data + sizeof(header), header.checksum);
	memcpy(content.data, &header, sizeof(header));
	err = replace_file(directory_fd, key->file, &content);
	if (!err)
		clean(directory_fd, key->file);
out:
	buffer_free(&content);
	close(directory_fd);
	return err;
}
