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

static int make_key(struct cache_key *key, const struct compile_request *request, const char *from,
		    const char *part)
{
	const struct feature_test *feature_tests = request->feature_tests;
	const struct kernel *kernel = &request->target->kernel;
	const char *const *flag, *const *define = request->defines;
	struct buffer text = {};
	char digits[33];

	write_hash(request->source, digits);
	buffer_printf(&text, "snoopkit: %s\nsource: %s\n", SNOOPKIT_VERSION, digits);
	if (request->beside) {
		write_hash(request->beside->source, digits);
		buffer_printf(&text, "beside: %s\n", digits);
	}
	for (flag = compiler_flags(request); *flag; flag++)
		buffer_printf(&text, "flag: %s\n", *flag);
	if (part)
		buffer_printf(&text, "part: %s\n", part);
	for (; define && *define; define++)
		buffer_printf(&text, "define: %s\n", *define);
	for (; feature_tests && feature_tests->define; feature_tests++)
		buffer_printf(&text, "feature test: %s %s %s <%s>\n", feature_tests->define,
			      feature_tests->type,
			      feature_tests->member ? feature_tests->member : "",
			      feature_tests->header ? feature_tests->header : "");
	buffer_printf(&text, "kernel: %s %s %s\nbuild: %s\nheaders: %s\n", kernel->release,
		      kernel->machine, kernel->version, kernel->build_id, from);
	key->text = buffer_take_string(&text);
	buffer_free(&text);
	if (!key->text)
		return -ENOMEM;
	write_hash(key->text, digits);
	snprintf(key->file, sizeof(key->file), "%s-%s", request->tool, digits);
	return 0;
}

int cache_key_make_portable(struct cache_key *key, const struct compile_request *request,
			    const char *from)
{
	return make_key(key, request, from, NULL);
}

int cache_key_make(struct cache_key *key, const struct compile_request *request)
{
	return make_key(key, request, request->headers->origin, request->part_key);
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

/*
 * Checks the frame around an image. Returns NULL, and where the key and the image are, or what is
 * wrong with it.
 */
static const char *open_frame(const char *data, size_t size, struct file_header *header,
			      const char **key)
{
	uint64_t sum[2];

	if (size < sizeof(*header))
		return "is no program of snoopkit";
	memcpy(header, data, sizeof(*header));
	if (memcmp(header->magic, MAGIC, sizeof(header->magic)))
		return "is no program of snoopkit";
	if (header->format != IMAGE_FORMAT)
		return "was made by another version of snoopkit";
	if (header->size != size - sizeof(*header) || header->key_size > header->size)
		return "is damaged";
	*key = data + sizeof(*header);
	checksum(header, *key, sum);
	return memcmp(sum, header->checksum, sizeof(sum)) ? "is damaged" : NULL;
}

/* Returns NULL and the image, or what is wrong with it. */
static const char *read_image(const struct cache_key *key, const char *data, size_t size,
			      struct image **image)
{
	struct file_header header;
	const char *text, *fault = open_frame(data, size, &header, &text);

	if (fault)
		return fault;
	if (header.key_size != strlen(key->text) || memcmp(text, key->text, header.key_size))
		return "has the key of another program or kernel";
	return image_read(text + header.key_size, header.size - header.key_size, image) ?
		       "is damaged" :
		       NULL;
}

/* Reads a file that can be trusted. Returns NULL, or why it is not; "" if it is not there. */
static const char *read_trusted(int directory, const char *file, struct buffer *content)
{
	int fd = openat(directory, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *fault = NULL;
	struct stat info;

	if (fd < 0)
		return errno == ENOENT ? "" :
		       errno == ELOOP  ? "is a symbolic link" :
					 "can't be read";
	if (fstat(fd, &info) || !S_ISREG(info.st_mode))
		fault = "is no regular file";
	else if (!file_is_roots_own(&info, S_IFREG))
		fault = "is not root's own, or others can write it";
	else if (info.st_size > MAX_SIZE || file_read_fd(fd, content))
		fault = "can't be read";
	close(fd);
	return fault;
}

struct image *cache_load_any(const char *directory, const struct cache_key *key, struct error *why)
{
	int directory_fd = open_directory(directory);
	struct buffer content = {};
	struct image *image = NULL;
	const char *fault;

	if (directory_fd < 0) {
		if (directory_fd != -ENOENT)
			error_set(why, -directory_fd,
				  "%s is not used: it must be a directory of root's own that "
				  "nobody else can write, and no link",
				  directory);
		return NULL;
	}
	fault = read_trusted(directory_fd, key->file, &content);
	if (!fault)
		fault = read_image(key, content.data, content.size, &image);
	if (fault && *fault)
		error_set(why, EPERM, "%s/%s is not used: it %s", directory, key->file, fault);
	close(directory_fd);
	buffer_free(&content);
	return image;
}

struct image *cache_load(const char *directory, const struct cache_key *key)
{
	struct error ignored = {};
	struct image *image = cache_load_any(directory, key, &ignored);

	error_clear(&ignored);
	if (image && !libbcc_is_unchanged(image->compiler)) {
		image_free(image);
		return NULL;
	}
	return image;
}

void cache_note_use(const char *directory, const struct cache_key *key)
{
	const struct timespec times[] = { { .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_OMIT } };
	int directory_fd = open_directory(directory);

	if (directory_fd < 0)
		return;
	utimensat(directory_fd, key->file, times, AT_SYMLINK_NOFOLLOW);
	close(directory_fd);
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

static int store(const char *directory, const struct cache_key *key, const struct image *image,
		 bool removes_old)
{
	struct file_header header = { .format = IMAGE_FORMAT,
				      .key_size = (uint32_t)strlen(key->text) };
	struct buffer content = {};
	int directory_fd, err;

	memcpy(header.magic, MAGIC, sizeof(header.magic));
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
	if (!err && removes_old)
		clean(directory_fd, key->file);
out:
	buffer_free(&content);
	close(directory_fd);
	return err;
}

int cache_store(const char *directory, const struct cache_key *key, const struct image *image)
{
	return store(directory, key, image, true);
}

int cache_add(const char *directory, const struct cache_key *key, const struct image *image)
{
	return store(directory, key, image, false);
}

/* ---- for a request ---- */

struct image *cache_take(const struct compile_request *request, bool any)
{
	struct error ignored = {};
	struct image *image;
	struct cache_key key;

	if (cache_key_make(&key, request))
		return NULL;
	image = any ? cache_load_any(CACHE_DIRECTORY, &key, &ignored) :
		      cache_load(CACHE_DIRECTORY, &key);
	if (image)
		cache_note_use(CACHE_DIRECTORY, &key);
	error_clear(&ignored);
	cache_key_free(&key);
	return image;
}

void cache_keep(const struct compile_request *request, const struct image *image)
{
	struct cache_key key;

	if (cache_key_make(&key, request))
		return;
	cache_store(CACHE_DIRECTORY, &key, image);
	cache_key_free(&key);
}

/* ---- listing ---- */

/* Copies what follows "NAME: " in the key up to a character; returns what follows that, or NULL. */
static const char *take_up_to(const char *at, const char *name, char end, char *value, size_t size)
{
	size_t length;

	if (!at || strncmp(at, name, strlen(name)))
		return NULL;
	at += strlen(name);
	length = strcspn(at, (char[]){ end, '\n', '\0' });
	if (at[length] != end || length >= size)
		return NULL;
	memcpy(value, at, length);
	value[length] = '\0';
	return at + length + 1;
}

static bool read_key(const char *text, struct cache_entry *entry)
{
	struct kernel *kernel = &entry->kernel;
	const char *line = strstr(text, "\nkernel: ");

	take_up_to(text, "snoopkit: ", '\n', entry->snoopkit, sizeof(entry->snoopkit));
	line = line ? line + 1 : NULL;
	line = take_up_to(line, "kernel: ", ' ', kernel->release, sizeof(kernel->release));
	line = take_up_to(line, "", ' ', kernel->machine, sizeof(kernel->machine));
	line = take_up_to(line, "", '\n', kernel->version, sizeof(kernel->version));
	return take_up_to(line, "build: ", '\n', kernel->build_id, sizeof(kernel->build_id));
}

static void read_entry(int directory, struct cache_entry *entry)
{
	struct buffer content = {};
	struct file_header header;
	const char *key;
	char *text;

	entry->untrusted = read_trusted(directory, entry->file, &content);
	if (!entry->untrusted)
		entry->untrusted = open_frame(content.data, content.size, &header, &key);
	text = entry->untrusted ? NULL : strndup(key, header.key_size);
	if (text && !read_key(text, entry))
		entry->untrusted = "has no key that makes sense";
	free(text);
	buffer_free(&content);
}

static bool has_form_of_image(const char *name)
{
	const char *dash = strrchr(name, '-');

	return dash && dash != name && is_image_of(name, name, (size_t)(dash - name));
}

int cache_list(const char *directory, bool (*each)(void *context, const struct cache_entry *entry),
	       void *context)
{
	int fd = open_directory(directory);
	const struct dirent *found;
	DIR *entries;

	if (fd < 0)
		return fd;
	entries = fdopendir(fd);
	if (!entries) {
		close(fd);
		return -ENOMEM;
	}
	while ((found = readdir(entries))) {
		struct cache_entry entry = { .file = found->d_name };

		if (!has_form_of_image(found->d_name))
			continue;
		read_entry(fd, &entry);
		if (!each(context, &entry))
			break;
	}
	closedir(entries);
	return 0;
}
