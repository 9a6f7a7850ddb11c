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
	struct file_identity identity;
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
 * Opens the file that is mapped at the address in the process of the last question, by its link in
 * map_files: a path may name another one by now. The link is not opened if it is no regular file.
 * Returns a descriptor or a negative errno.
 */
static int open_mapped(const struct stack_text *text, uint64_t address,
		       struct file_identity *identity)
{
	struct mapping mapping;
	struct stat info;
	char path[96];

	if (!text->maps || !find_mapping(text->maps, address, &mapping))
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/%u/map_files/%" PRIx64 "-%" PRIx64, text->pid,
		 mapping.start, mapping.end);
	if (stat(path, &info) || !S_ISREG(info.st_mode))
		return -ENOENT;
	return file_open_identified(path, identity);
}

/* Which file it is: the answer's text is a struct file_identity. */
static void answer_file(void *context, uint64_t argument, struct monitor_answer *answer)
{
	struct file_identity identity;
	int fd = open_mapped(context, argument, &identity);

	answer->result = fd < 0 ? fd : 0;
	if (fd < 0)
		return;
	memcpy(answer->text, &identity, sizeof(identity));
	close(fd);
}

static const struct monitor_question question_file = { .answer = answer_file, .can_block = true };

/* Writes the functions of the file to another. Closes fd. */
static int write_functions(int fd, int to)
{
	struct elf_functions functions;
	struct error ignored = {};
	int err;

	/* Without symbols its name is all there is to say. */
	elf_functions_read_in(fd, "the file", &functions, &ignored);
	error_clear(&ignored);
	err = elf_functions_write(&functions, to);
	elf_functions_free(&functions);
	return err;
}

/* The same, and a file in memory with its functions. */
static void answer_functions(void *context, uint64_t argument, struct monitor_answer *answer)
{
	struct file_identity identity;
	int fd = open_mapped(context, argument, &identity), to, err;

	answer->result = fd < 0 ? fd : 0;
	if (fd < 0)
		return;
	memcpy(answer->text, &identity, sizeof(identity));
	to = file_in_memory("functions", false);
	err = to < 0 ? to : monitor_give_up();
	if (!err)
		err = write_functions(fd, to);
	else
		close(fd);
	if (!err)
		answer->fds[0] = to;
	else if (to >= 0)
		close(to);
	answer->result = err;
}

static const struct monitor_question question_functions = { .answer = answer_functions,
							    .can_block = true,
							    .gives_up = true };

void stack_text_offer(struct stack_text *text)
{
	pid_namespace_is_initial();
	monitor_offer(&question_maps, text,
		      CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_DAC_READ_SEARCH));
	/* Links in map_files are followed for CAP_SYS_ADMIN: proc_map_files_get_link(). */
	monitor_offer(&question_file, text, CAPABILITY(CAP_SYS_ADMIN));
	monitor_offer(&question_functions, text, CAPABILITY(CAP_SYS_ADMIN));
}

/* ---- user stacks ---- */

void stack_text_look_at(struct stack_text *text, uint32_t pid)
{
	struct monitor_answer answer;

	free(text->maps);
	text->maps = NULL;
	text->pid = pid;
	if (!pid_namespace_is_initial())
		return;
	monitor_ask(&question_maps, text, pid, &answer);
	if (answer.fds[0] < 0)
		return;
	free(text->maps);
	text->maps = read_maps(answer.fds[0]);
	close(answer.fds[0]);
}

static void free_file(struct stack_file *file)
{
	if (file)
		elf_functions_free(&file->functions);
	free(file);
}

/* The oldest gives its place. */
static struct stack_file *add_file(struct stack_text *text, const struct file_identity *identity,
				   const struct elf_functions *functions)
{
	struct stack_file **place = &text->files[text->file_count % STACK_TEXT_FILES];
	struct stack_file *file = malloc(sizeof(*file));

	if (!file)
		return NULL;
	*file = (struct stack_file){ *identity, *functions };
	free_file(*place);
	*place = file;
	text->file_count++;
	return file;
}

/* The helper that answered has ended: the next one has to look at the process too. */
static void look_again(const struct stack_text *text)
{
	struct monitor_answer answer;

	if (!monitor_pid())
		return;
	monitor_ask(&question_maps, (void *)text, text->pid, &answer);
	if (answer.fds[0] >= 0)
		close(answer.fds[0]);
}

static struct stack_file *read_file(struct stack_text *text, uint64_t address)
{
	struct elf_functions functions;
	struct file_identity identity;
	struct monitor_answer answer;
	struct stack_file *file;
	int err;

	monitor_ask(&question_functions, text, address, &answer);
	look_again(text);
	if (answer.fds[0] < 0)
		return NULL;
	err = elf_functions_read_written(answer.fds[0], &functions);
	close(answer.fds[0]);
	if (err)
		return NULL;
	memcpy(&identity, answer.text, sizeof(identity));
	file = add_file(text, &identity, &functions);
	if (!file)
		elf_functions_free(&functions);
	return file;
}

static struct stack_file *file_at(struct stack_text *text, uint64_t address)
{
	struct monitor_answer answer;
	size_t i;

	monitor_ask(&question_file, text, address, &answer);
	if (answer.result)
		return NULL;
	for (i = 0; i < STACK_TEXT_FILES && text->files[i]; i++)
		if (!memcmp(&text->files[i]->identity, answer.text, sizeof(struct file_identity)))
			return text->files[i];
	return read_file(text, address);
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
