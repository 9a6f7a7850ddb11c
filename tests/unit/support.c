// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "kernel/bpf.h"
#include "kernel/private_mount.h"
#include "kernel/privileges.h"
#include "support.h"

/* Lets malloc() return NULL, as without the sanitizer. Not static: the sanitizer looks it up. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

void fail_unless_between(uintmax_t value, uintmax_t least, uintmax_t most, const char *file,
			 int line)
{
	if (value >= least && value <= most)
		return;
	print_error("%" PRIuMAX " is not from %" PRIuMAX " to %" PRIuMAX "\n", value, least, most);
	_fail(file, line);
}

bool make_mounts_private(void)
{
	return !private_mount_begin();
}

char *make_directory(void)
{
	char *path = strdup("/tmp/snoopkit-test.XXXXXX");

	assert_non_null(path);
	assert_non_null(mkdtemp(path));
	assert_int_equal(chmod(path, 0755), 0);
	return path;
}

void remove_directory(char *path)
{
	file_remove_tree(path);
	free(path);
}

char *join(const char *directory, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
	return path;
}

void write_file(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

size_t count_entries(const char *path)
{
	DIR *directory = opendir(path);
	size_t count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2;
}

size_t count_descriptors(void)
{
	return count_entries("/proc/self/fd") - 1;
}

bool has_children(void)
{
	return waitpid(-1, NULL, WNOHANG | __WALL) >= 0 || errno != ECHILD;
}

size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n' || !text[1];
	return count;
}

static char *text_of(int fd)
{
	struct buffer text = {};

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(file_read_fd(fd, &text), 0);
	close(fd);
	return buffer_take_string(&text);
}

/*
 * stdout and stderr go to files in memory, which are never full. The child must not use cmocka's
 * assertions, because it has a copy of cmocka's state: it reports by its result.
 */
void run_child(int (*body)(void *context), void *context, struct outcome *outcome)
{
	int output = memfd_create("stdout", MFD_CLOEXEC),
	    errors = memfd_create("stderr", MFD_CLOEXEC);
	int status;
	pid_t pid;

	assert_true(output >= 0 && errors >= 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(output, STDOUT_FILENO);
		dup2(errors, STDERR_FILENO);
		status = body(context);
		fflush(NULL);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	outcome->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	outcome->output = text_of(output);
	outcome->errors = text_of(errors);
}

void outcome_free(struct outcome *outcome)
{
	free(outcome->output);
	free(outcome->errors);
}

void become_nobody(void)
{
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		_exit(99);
}

bool is_readable(int fd, int milliseconds)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, milliseconds) == 1;
}

struct image *make_image(void)
{
	struct image *image = calloc(1, sizeof(*image));

	assert_non_null(image);
	strcpy(image->compiler, "none");
	image->kern_version = 0x060c22;
	image->parameters = IMAGE_ALL_PARAMETERS;
	return image;
}

void add_map(struct image *image, const char *name, uint32_t type, uint32_t key_size,
	     uint32_t value_size, uint32_t max_entries)
{
	struct image_map *map;

	image->maps = realloc(image->maps, (image->map_count + 1) * sizeof(*map));
	assert_non_null(image->maps);
	map = &image->maps[image->map_count++];
	memset(map, 0, sizeof(*map));
	strcpy(map->name, name);
	map->type = type;
	map->key_size = key_size;
	map->value_size = value_size;
	map->max_entries = max_entries;
}

void add_program(struct image *image, const char *name, const struct bpf_insn *instructions,
		 size_t count)
{
	struct image_program *program;

	image->programs = realloc(image->programs, (image->program_count + 1) * sizeof(*program));
	assert_non_null(image->programs);
	program = &image->programs[image->program_count++];
	memset(program, 0, sizeof(*program));
	strcpy(program->name, name);
	program->instruction_count = (uint32_t)count;
	program->instructions = malloc(count * sizeof(*instructions));
	assert_non_null(program->instructions);
	memcpy(program->instructions, instructions, count * sizeof(*instructions));
}

void add_counter(struct image *image, const char *name)
{
	int map = image_find_map(image, "counts");

	if (map < 0) {
		map = (int)image->map_count;
		add_map(image, "counts", BPF_MAP_TYPE_ARRAY, 4, 8, 1);
	}
	const struct bpf_insn instructions[] = {
		STORE_NUMBER(10, -8, 0),
		LOAD_MAP(1, map),
		MOVE(2, 10),
		ADD_NUMBER(2, -8),
		CALL(BPF_FUNC_map_lookup_elem),
		JUMP_IF_ZERO(0, 2),
		MOVE_NUMBER(1, 1),
		ADD_ATOMIC(0, 1, 0),
		MOVE_NUMBER(0, 0),
		EXIT(),
	};

	ADD_PROGRAM(image, name, instructions);
}

uint64_t read_count(int map_fd)
{
	uint64_t count = 0;
	uint32_t key = 0;

	assert_int_equal(bpf_lookup(map_fd, &key, &count), 0);
	return count;
}

static int call_bpf(enum bpf_cmd command, const union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

void read_info(int fd, void *info, uint32_t size)
{
	union bpf_attr attributes = {};

	memset(info, 0, size);
	attributes.info.bpf_fd = (uint32_t)fd;
	attributes.info.info_len = size;
	attributes.info.info = (uintptr_t)info;
	assert_int_equal(call_bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes), 0);
}

void pin_object(int fd, const char *path)
{
	union bpf_attr attributes = {};

	attributes.bpf_fd = (uint32_t)fd;
	attributes.pathname = (uintptr_t)path;
	assert_int_equal(call_bpf(BPF_OBJ_PIN, &attributes), 0);
}

static int try_program(int program_fd, int cpu, uint64_t first_argument, uint64_t second_argument,
		       int *result)
{
	const uint64_t arguments[] = { first_argument, second_argument };
	uint32_t returned = 0;
	int err = bpf_run_on_cpu(program_fd, arguments, sizeof(arguments), (unsigned int)cpu,
				 &returned);

	*result = (int)returned;
	return err;
}

int run_program(int program_fd, int cpu, uint64_t first_argument, uint64_t second_argument)
{
	int result = 0;

	assert_int_equal(try_program(program_fd, cpu, first_argument, second_argument, &result), 0);
	return result;
}

const char *bpf_lacks(void)
{
	const struct bpf_insn instructions[] = { MOVE_NUMBER(0, 7), EXIT() };
	const struct program_to_load program = { .name = "test",
						 .type = PROGRAM_TYPE_RAW_TRACEPOINT,
						 .instructions = instructions,
						 .count = ARRAY_SIZE(instructions) };
	int fd, err, result = 0;

	if (geteuid())
		return "needs root";
	fd = bpf_load(&program);
	if (fd < 0)
		return "the kernel has no BPF, or does not let us use it";
	err = try_program(fd, 0, 0, 0, &result);
	close(fd);
	return err || result != 7 ? "this kernel can't run raw tracepoint programs by hand" : NULL;
}

/* ---- a kernel's file ---- */

#define KERNEL_NAMES "\0.shstrtab\0.notes\0.BTF\0.data"

static void add_section(struct buffer *file, Elf64_Shdr *section, uint32_t name, const void *data,
			size_t size)
{
	*section = (Elf64_Shdr){
		.sh_name = name, .sh_type = SHT_PROGBITS, .sh_offset = file->size, .sh_size = size
	};
	buffer_append(file, data, size);
}

char *make_kernel_file(const char *release, const char *version, const char *btf, size_t *size)
{
	static const unsigned char vdso_note[] = { 6,	0,   0,	  0,   4,   0, 0, 0, 0,	 0, 0, 0,
						   'L', 'i', 'n', 'u', 'x', 0, 0, 0, 42, 3, 6, 0 };
	unsigned char notes[36] = { 4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0 };
	Elf64_Ehdr header = { .e_ident = ELFMAG,
			      .e_machine = EM_X86_64,
			      .e_shnum = 5,
			      .e_shentsize = sizeof(Elf64_Shdr),
			      .e_shstrndx = 1 };
	struct buffer file = {}, data = {};
	Elf64_Shdr sections[5] = {};
	unsigned char i;

	for (i = 0; i < 20; i++)
		notes[16 + i] = (unsigned char)(i + 1);
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	buffer_append(&file, &header, sizeof(header));
	add_section(&file, &sections[1], 1, KERNEL_NAMES, sizeof(KERNEL_NAMES));
	add_section(&file, &sections[2], 11, notes, sizeof(notes));
	add_section(&file, &sections[3], btf ? 18 : 23, btf ? btf : "", btf ? strlen(btf) : 0);
	buffer_printf(&data, "Linux version %s (me@here) (cc 1) # SMP%c", release, 0);
	buffer_printf(&data, "Linux version %s (me@here) (cc 1) %s\n", release, version);
	buffer_append(&data, vdso_note, sizeof(vdso_note));
	add_section(&file, &sections[4], 23, data.data, data.size);
	header.e_shoff = file.size;
	buffer_append(&file, sections, sizeof(sections));
	memcpy(file.data, &header, sizeof(header));
	buffer_free(&data);
	*size = file.size;
	return file.data;
}
