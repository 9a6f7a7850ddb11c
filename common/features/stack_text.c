// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "features/stack_text.h"
#include "kernel/elfsym.h"
#include "kernel/monitor.h"
#include "kernel/pid_namespace.h"
#include "kernel/privileges.h"

/* A file that was looked at; one without symbols is kept too. */
struct stack_file {
	dev_t device;
	ino_t inode;
	struct timespec changed;
	struct elf_functions functions;
};

/* A line of /proc/PID/maps (proc(5)). */
struct mapping {
	uint64_t start, end, offset;
	const char *name; /* the last part of the path; not terminated */
	size_t name_size;
};

/* Bytes of /proc/PID/maps. A process can have far more mappings, to keep us busy. */
#define MOST_MAPS (512 * 1024)

/* No function is longer: what comes after is no part of the kernel's own code. */
#define LONGEST_FUNCTION (1 << 20)

static void append_unknown(uint64_t address, struct buffer *line)
{
	buffer_printf(line, "0x%" PRIx64 " [unknown]", address);
}

int stack_text_read_kernel(struct stack_text *text)
{
	if (text->kernel_is_read)
		return 0;
	text->kernel_is_read = true;
	return ksym_table_read(&text->kernel);
}

void stack_text_kernel(struct stack_text *text, uint64_t address, struct buffer *line)
{
	const struct ksym *symbol;

	/* If it can't be read, the table is empty. */
	stack_text_read_kernel(text);
	symbol = ksym_table_at(&text->kernel, address);
	if (symbol && address - symbol->address < LONGEST_FUNCTION)
		buffer_printf(line, "%s+0x%" PRIx64 " [%s]", symbol->name,
			      address - symbol->address,
			      symbol->module ? symbol->module : "kernel");
	else
		append_unknown(address, line);
}

/* "START-END " at the start of a line. Returns what follows, or NULL if it is no such line. */
static const char *parse_range(const char *line, struct mapping *mapping)
{
	char *end;

	mapping->start = strtoull(line, &end, 16);
	if (end == line || *end != '-')
		return NULL;
	mapping->end = strtoull(end + 1, &end, 16);
	return *end == ' ' ? end + 1 : NULL;
}

/*
 * "PERMISSIONS OFFSET DEVICE INODE   PATH". Only a file's begins with a slash: a program can give
 * its other mappings any name, in brackets.
 */
static bool parse_file(const char *text, struct mapping *mapping)
{
	const char *end = text + strcspn(text, "\n"), *path, *slash;
	int length = 0;

	if (sscanf(text, "%*s %" SCNx64 " %*s %*u %n", &mapping->offset, &length) != 1)
		return false;
	path = text + length;
	if (!length || path >= end || *path != '/')
		return false;
	slash = memrchr(path, '/', (size_t)(end - path));
	mapping->name = slash + 1;
	mapping->name_size = (size_t)(end - mapping->name);
	return true;
}

static bool find_mapping(const char *maps, uint64_t address, struct mapping *mapping)
{
	const char *next = maps, *rest;

	while (next && *next) {
		rest = parse_range(next, mapping);
		if (rest && address >= mapping->start && address < mapping->end)
			return parse_file(rest, mapping);
		next = strchr(next, '\n');
		next = next ? next + 1 : NULL;
	}
	return false;
}

/* ---- what needs privileges ---- */

/* Reads as many whole lines as fit into MOST_MAPS. The caller frees them; NULL without any. */
static char *read_maps(int fd)
{
	struct buffer maps = {};
	char *text = NULL;

	if (fd < 0)
		return NULL;
	if (file_read_fd_up_to(fd, MOST_MAPS, &maps) == -EFBIG)
		while (maps.size && maps.data[maps.size - 1] != '\n')
			maps.size--;
	if (maps.size)
		text = buffer_take_string(&maps);
	buffer_free(&maps);
	return text;
}

/* A copy for the tool, whose own read of /proc could be kept waiting. */
static int copy_maps(const char *maps)
{
	int fd = (int)syscall(SYS_memfd_create, "maps", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!file_write_fd(fd, maps, strlen(maps)) && !lseek(fd, 0, SEEK_SET))
		return fd;
	close(fd);
	return -EIO;
}

/* The process may have ended, and its number may be another's by now: then its stack has no names.
 */
static void answer_maps(void *context, uint64_t argument, struct monitor_answer *answer)
{
	struct stack_text *text = context;
	char path[32];
	int fd;

	free(text->maps);
	text->maps = NULL;
	answer->result = -EPERM;
	if (!argument || argument > INT32_MAX)
		return;
	text->pid = (uint32_t)argument;
	snprintf(path, sizeof(path), "/proc/%u/maps", text->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	text->maps = read_maps(fd);
	if (fd >= 0)
		close(fd);
	answer->result = -ENOENT;
	if (!text->maps)
		return;
	answer->fds[0] = copy_maps(text->maps);
	answer->result = answer->fds[0] < 0 ? answer->fds[0] : 0;
}

static const struct monitor_question question_maps = { .answer = answer_maps, .can_block = true };

/*
 * The file that is mapped at the address in the process of the last question, by its link in
 * map_files: a path may name another one by now. The link is not opened if it is no regular file.
 */
static void answer_file(void *context, uint64_t argument, struct monitor_answer *answer)
{
	const struct stack_text *text = context;
	struct mapping mapping;
	struct stat info;
	char path[96];

	answer->result = -ENOENT;
	if (!text->maps || !find_mapping(text->maps, argument, &mapping))
		return;
	snprintf(path, sizeof(path), "/proc/%u/map_files/%" PRIx64 "-%" PRIx64, text->pid,
		 mapping.start, mapping.end);
	if (stat(path, &info) || !S_ISREG(info.st_mode))
		return;
	answer->fds[0] = file_open_untrusted(path);
	answer->result = answer->fds[0] < 0 ? answer->fds[0] : 0;
}

static const struct monitor_question question_file = { .answer = answer_file, .can_block = true };

void stack_text_offer(struct stack_text *text)
{
	pid_namespace_is_initial();
	monitor_offer(&question_maps, text,
		      CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_DAC_READ_SEARCH));
	/* Links in map_files are followed for CAP_SYS_ADMIN: proc_map_files_get_link(). */
	monitor_offer(&question_file, text, CAPABILITY(CAP_SYS_ADMIN));
}

/* ---- user stacks ---- */

void stack_text_look_at(struct stack_text *text, uint32_t pid)
{
	struct monitor_answer answer;

	free(text->maps);
	text->maps = NULL;
	if (!pid_namespace_is_initial())
		return;
	monitor_ask(&question_maps, text, pid, &answer);
	if (answer.fds[0] < 0)
		return;
	free(text->maps);
	text->maps = read_maps(answer.fds[0]);
	close(answer.fds[0]);
}

static bool is_same_file(const struct stack_file *file, const struct stat *info)
{
	return file->device == info->st_dev && file->inode == info->st_ino &&
	       file->changed.tv_sec == info->st_ctim.tv_sec &&
	       file->changed.tv_nsec == info->st_ctim.tv_nsec;
}

static void free_file(struct stack_file *file)
{
	if (file)
		elf_functions_free(&file->functions);
	free(file);
}

/* The oldest gives its place. Closes fd. */
static struct stack_file *add_file(struct stack_text *text, int fd, const struct stat *info)
{
	struct stack_file **place = &text->files[text->file_count % STACK_TEXT_FILES];
	struct stack_file *file = calloc(1, sizeof(*file));
	struct error ignored = {};

	if (!file) {
		close(fd);
		return NULL;
	}
	file->device = info->st_dev;
	file->inode = info->st_ino;
	file->changed = info->st_ctim;
	/* Without symbols its name is all there is to say. */
	elf_functions_read_in(fd, "the file", &file->functions, &ignored);
	error_clear(&ignored);
	free_file(*place);
	*place = file;
	text->file_count++;
	return file;
}

/* Closes fd. */
static struct stack_file *file_in(struct stack_text *text, int fd)
{
	struct stat info = {};
	size_t i;

	if (fstat(fd, &info)) {
		close(fd);
		return NULL;
	}
	for (i = 0; i < STACK_TEXT_FILES && text->files[i]; i++)
		if (is_same_file(text->files[i], &info)) {
			close(fd);
			return text->files[i];
		}
	return add_file(text, fd, &info);
}

static struct stack_file *file_at(struct stack_text *text, uint64_t address)
{
	struct monitor_answer answer;

	monitor_ask(&question_file, text, address, &answer);
	return answer.fds[0] < 0 ? NULL : file_in(text, answer.fds[0]);
}

void stack_text_user(struct stack_text *text, uint64_t address, struct buffer *line)
{
	const struct elf_function *function = NULL;
	struct stack_file *file;
	struct mapping mapping;
	uint64_t offset;

	if (!text->maps || !find_mapping(text->maps, address, &mapping)) {
		append_unknown(address, line);
		return;
	}
	offset = address - mapping.start + mapping.offset;
	file = file_at(text, address);
	if (file)
		function = elf_functions_at(&file->functions, offset);
	if (function)
		buffer_printf(line, "%s+0x%" PRIx64, function->name, offset - function->offset);
	else
		buffer_printf(line, "0x%" PRIx64, offset);
	buffer_printf(line, " [%.*s]", (int)mapping.name_size, mapping.name);
}

void stack_text_free(struct stack_text *text)
{
	size_t i;

	ksym_table_free(&text->kernel);
	for (i = 0; i < STACK_TEXT_FILES; i++)
		free_file(text->files[i]);
	free(text->maps);
	*text = (struct stack_text){};
}
