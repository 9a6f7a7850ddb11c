// SPDX-License-Identifier: Apache-2.0
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "kernel/elfsym.h"
#include "support.h"

#define SELF "/proc/self/exe"

int a_function_to_find(int number);
int __attribute__((noinline)) a_function_to_find(int number)
{
	return number * 3 + 0x5eed;
}

int some_data_to_find = 7;

static int find(const char *path, const char *name, uint64_t *offset)
{
	struct error error = {};
	int err = elfsym_offset(path, name, offset, &error);

	if (err) {
		assert_true(err < 0);
		assert_int_equal(count_lines(error.text), 1);
		assert_non_null(strstr(error.text, path));
	} else {
		assert_string_equal(error.text, "");
	}
	error_clear(&error);
	return err;
}

/* The file has the same bytes at the offset as memory has at the function. */
static void an_offset_is_where_the_code_is(void **state)
{
	unsigned char code[16];
	uint64_t offset = 0;
	int fd;

	(void)state;
	assert_int_equal(find(SELF, "a_function_to_find", &offset), 0);
	assert_true(offset > 0);
	fd = open(SELF, O_RDONLY);
	assert_int_equal(pread(fd, code, sizeof(code), (off_t)offset), sizeof(code));
	close(fd);
	assert_memory_equal(code, (void *)a_function_to_find, sizeof(code));
}

static void only_defined_functions_are_found(void **state)
{
	uint64_t offset;

	(void)state;
	assert_int_equal(find(SELF, "a_function_to", &offset), -ENOENT);
	assert_int_equal(find(SELF, "a_function_to_find2", &offset), -ENOENT);
	assert_int_equal(find(SELF, "", &offset), -ENOENT);
	assert_int_equal(find(SELF, "some_data_to_find", &offset), -ENOENT);
	/* undefined in this file: it is in libc */
	assert_int_equal(find(SELF, "strtoull", &offset), -ENOENT);
}

static void functions_are_found_by_their_offset(void **state)
{
	struct elf_functions functions;
	const struct elf_function *found;
	struct error error = {};
	uint64_t offset = 0;
	size_t i;

	(void)state;
	assert_int_equal(find(SELF, "a_function_to_find", &offset), 0);
	assert_int_equal(elf_functions_read(SELF, &functions, &error), 0);
	found = elf_functions_at(&functions, offset);
	assert_string_equal(found->name, "a_function_to_find");
	assert_int_equal(found->offset, offset);
	assert_true(found->size > 0);
	assert_ptr_equal(elf_functions_at(&functions, offset + found->size - 1), found);
	found = elf_functions_at(&functions, offset + found->size);
	assert_true(!found || strcmp(found->name, "a_function_to_find"));
	assert_null(elf_functions_at(&functions, 0));
	for (i = 1; i < functions.count; i++)
		assert_true(functions.items[i - 1].offset <= functions.items[i].offset);
	elf_functions_free(&functions);
	assert_null(elf_functions_at(&functions, offset));
}

static int read_written(const void *bytes, size_t size, struct elf_functions *functions)
{
	int fd = file_in_memory("functions", false), err;

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, bytes, size), 0);
	err = elf_functions_read_written(fd, functions);
	close(fd);
	return err;
}

static void functions_are_written_and_read_elsewhere(void **state)
{
	struct elf_functions functions, read;
	struct error error = {};
	size_t i;
	int fd;

	(void)state;
	assert_int_equal(elf_functions_read(SELF, &functions, &error), 0);
	fd = file_in_memory("functions", false);
	assert_int_equal(elf_functions_write(&functions, fd), 0);
	assert_int_equal(elf_functions_read_written(fd, &read), 0);
	close(fd);
	assert_true(functions.count > 1);
	assert_int_equal(read.count, functions.count);
	for (i = 0; i < read.count; i++) {
		assert_int_equal(read.items[i].offset, functions.items[i].offset);
		assert_int_equal(read.items[i].size, functions.items[i].size);
		assert_string_equal(read.items[i].name, functions.items[i].name);
	}
	elf_functions_free(&functions);
	elf_functions_free(&read);
}

/* What writes them may have been taken over. Words: the number, then offset, size, name of each. */
static void written_functions_are_checked(void **state)
{
	const uint64_t none[] = { 0 }, one[] = { 1, 7, 2, 0, 'f' }, no_name[] = { 1, 7, 2, 0 },
		       name_behind[] = { 1, 7, 2, 8, 'f' }, too_many[] = { 2, 7, 2, 0, 'f' },
		       most[] = { UINT64_MAX / 24 + 1, 7, 2, 0, 'f' },
		       no_end[] = { 1, 7, 2, 0, 0x4141414141414141 };
	struct elf_functions functions;
	int fds[2];

	(void)state;
	assert_int_equal(read_written(none, sizeof(none), &functions), 0);
	assert_int_equal(functions.count, 0);
	assert_int_equal(read_written(one, sizeof(one), &functions), 0);
	assert_string_equal(elf_functions_at(&functions, 8)->name, "f");
	elf_functions_free(&functions);
	assert_int_equal(read_written(no_end, sizeof(no_end), &functions), 0);
	assert_string_equal(elf_functions_at(&functions, 8)->name, "AAAAAAAA");
	elf_functions_free(&functions);
	assert_int_equal(read_written(one, 7, &functions), -EINVAL);
	assert_int_equal(read_written(no_name, sizeof(no_name), &functions), -EINVAL);
	assert_int_equal(read_written(name_behind, sizeof(name_behind), &functions), -EINVAL);
	assert_int_equal(read_written(too_many, sizeof(too_many), &functions), -EINVAL);
	assert_int_equal(read_written(most, sizeof(most), &functions), -EINVAL);
	assert_null(functions.items);
	/* Nothing that a read could wait for. */
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(elf_functions_read_written(fds[0], &functions), -EINVAL);
	close(fds[0]);
	close(fds[1]);
}

static void what_is_no_elf_file(void **state)
{
	char *directory = make_directory(), *path = join(directory, "file");
	uint64_t offset;

	(void)state;
	assert_int_equal(find(path, "f", &offset), -ENOENT);
	write_file(path, "", 0);
	assert_int_equal(find(path, "f", &offset), -ENOEXEC);
	write_file(path, "#!/bin/sh\necho\n", 15);
	assert_int_equal(find(path, "f", &offset), -ENOEXEC);
	write_file(path, "\177EL", 3);
	assert_int_equal(find(path, "f", &offset), -ENOEXEC);
	write_file(path, "!<arch>\n", 8);
	assert_int_equal(find(path, "f", &offset), -ENOEXEC);
	assert_int_equal(find(directory, "f", &offset), -ENOEXEC);
	free(path);
	remove_directory(directory);
}

/* All of a file that may be damaged in any way. */
static int read_functions(const char *path)
{
	struct elf_functions functions;
	struct error error = {};
	int err = elf_functions_read(path, &functions, &error);

	assert_true(err <= 0 && !error.text[0] == !err);
	if (!err)
		elf_functions_at(&functions, 0x1000);
	elf_functions_free(&functions);
	error_clear(&error);
	return err;
}

/* Makes a small shared object, to be damaged. */
static bool make_library(const char *directory, char **library)
{
	char *command;
	int status;

	*library = join(directory, "library.so");
	assert_true(asprintf(&command,
			     "echo 'int spoiled(int a) { return a; }' | "
			     "cc -x c -shared -fPIC -nostdlib -o %s - >/dev/null 2>&1",
			     *library) > 0);
	status = system(command);
	free(command);
	return !status;
}

static void damaged_files_are_refused_or_read(void **state)
{
	char *directory = make_directory(), *library, *content, *path = join(directory, "copy");
	uint64_t right = 0, offset;
	size_t size, i;
	int err;

	(void)state;
	if (!make_library(directory, &library))
		skip_because("needs a C compiler");
	assert_int_equal(find(library, "spoiled", &right), 0);
	content = file_read(library, &size);
	for (i = 0; i < size; i += i < 4096 ? 61 : 509) {
		write_file(path, content, i);
		err = find(path, "spoiled", &offset);
		/* Without the section headers, at the file's end, nothing is found. */
		assert_true(err == -ENOENT || err == -ENOEXEC);
		assert_true(offset == 0);
	}
	for (i = 0; i < size; i += i < 1024 ? 1 : 97) {
		char kept = content[i];

		content[i] = (char)(kept ^ 0xff);
		write_file(path, content, size);
		err = find(path, "spoiled", &offset);
		assert_true(err == 0 || err == -ENOENT || err == -ENOEXEC);
		err = read_functions(path);
		assert_true(err == 0 || err == -ENOEXEC);
		content[i] = kept;
	}
	free(content);
	free(path);
	free(library);
	remove_directory(directory);
}

/* A file of one kind of damage: the library's, with a section header changed. */
static void spoil_section(char *content, uint32_t type, void (*spoil)(Elf64_Shdr *section))
{
	const Elf64_Ehdr *header = (const void *)content;
	Elf64_Shdr *sections = (void *)(content + header->e_shoff);
	int i;

	for (i = 0; i < header->e_shnum; i++)
		if (sections[i].sh_type == type)
			spoil(&sections[i]);
}

static void make_huge(Elf64_Shdr *section)
{
	section->sh_size = 1ULL << 40;
}

static void link_outside(Elf64_Shdr *section)
{
	section->sh_link = UINT32_MAX;
}

static void place_outside(Elf64_Shdr *section)
{
	section->sh_offset = UINT64_MAX - 8;
}

static void what_sections_say_is_bounded(void **state)
{
	static void (*const damages[])(Elf64_Shdr * section) = { make_huge, link_outside,
								 place_outside };
	char *directory = make_directory(), *library, *content, *path = join(directory, "copy");
	uint64_t offset;
	size_t size, i;

	(void)state;
	if (!make_library(directory, &library))
		skip_because("needs a C compiler");
	for (i = 0; i < ARRAY_SIZE(damages); i++) {
		content = file_read(library, &size);
		spoil_section(content, SHT_DYNSYM, damages[i]);
		write_file(path, content, size);
		assert_int_equal(find(path, "spoiled", &offset), -ENOEXEC);
		free(content);
	}
	content = file_read(library, &size);
	spoil_section(content, SHT_DYNSYM, make_huge);
	write_file(path, content, size);
	assert_int_equal(truncate(path, 1LL << 32), 0);
	assert_int_equal(find(path, "spoiled", &offset), -ENOEXEC);
	free(content);
	free(path);
	free(library);
	remove_directory(directory);
}

/* As many tables as a file can have, each as large as a table may be, of a file with holes. */
static void a_file_of_tables_takes_no_time(void **state)
{
	char *directory = make_directory(), *path = join(directory, "large");
	Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					   ELFDATA2LSB },
			      .e_shoff = sizeof(header),
			      .e_shentsize = sizeof(Elf64_Shdr),
			      .e_shnum = 4096 };
	Elf64_Shdr section = { .sh_type = SHT_SYMTAB, .sh_offset = 1 << 20, .sh_size = 4 << 20 };
	struct buffer file = {};
	uint64_t offset, start;
	int i;

	(void)state;
	buffer_append(&file, &header, sizeof(header));
	for (i = 0; i < 4096; i++)
		buffer_append(&file, &section, sizeof(section));
	write_file(path, file.data, file.size);
	assert_int_equal(truncate(path, 3LL << 30), 0);
	start = clock_now();
	assert_int_equal(find(path, "spoiled", &offset), -ENOEXEC);
	assert_true(clock_now() - start < SECOND);
	buffer_free(&file);
	free(path);
	remove_directory(directory);
}

static void a_32_bit_file(void **state)
{
	char *directory = make_directory(), *path = join(directory, "library.so"), *command;
	uint64_t offset = 0;
	int status;

	(void)state;
	assert_true(asprintf(&command,
			     "echo 'int narrow(int a) { return a; }' | "
			     "cc -m32 -x c -shared -fPIC -nostdlib -o %s - >/dev/null 2>&1",
			     path) > 0);
	status = system(command);
	free(command);
	if (status)
		skip_because("needs a compiler for 32 bits");
	assert_int_equal(find(path, "narrow", &offset), 0);
	assert_true(offset > 0);
	free(path);
	remove_directory(directory);
}

static void libraries_are_found_as_the_linker_does(void **state)
{
	struct error error = {};
	struct stat info;
	char path[256] = "";

	(void)state;
	assert_int_equal(elfsym_needed(SELF, "libcmocka.so", path, sizeof(path), &error), 0);
	assert_int_equal(path[0], '/');
	assert_non_null(strstr(path, "/libcmocka.so"));
	assert_int_equal(stat(path, &info), 0);
	assert_true(S_ISREG(info.st_mode));
	assert_string_equal(error.text, "");
	assert_int_equal(elfsym_needed(SELF, "libnosuchthing.so", path, sizeof(path), &error),
			 -ENOENT);
	assert_non_null(strstr(error.text, "libnosuchthing.so"));
	/* libcmocka begins with "libc" too: only the prefix counts */
	assert_int_equal(elfsym_needed(path, "libc.so", path, sizeof(path), &error), 0);
	assert_non_null(strstr(path, "/libc.so"));
}

static void a_function_in_a_library(void **state)
{
	struct error error = {};
	uint64_t offset = 0;
	char path[256];

	(void)state;
	assert_int_equal(elfsym_needed(SELF, "libcmocka.so", path, sizeof(path), &error), 0);
	assert_int_equal(find(path, "_cmocka_run_group_tests", &offset), 0);
	assert_true(offset > 0);
}

static void an_older_line_is_replaced(void **state)
{
	struct error error = { .text = "something before" };
	uint64_t offset;
	char path[64];

	(void)state;
	assert_int_equal(elfsym_offset(SELF, "no_such_function", &offset, &error), -ENOENT);
	assert_non_null(strstr(error.text, "no_such_function"));
	assert_int_equal(elfsym_needed(SELF, "libnone", path, sizeof(path), &error), -ENOENT);
	assert_non_null(strstr(error.text, "libnone"));
}

static void nothing_stays_open(void **state)
{
	size_t before = count_descriptors();
	uint64_t offset;

	(void)state;
	assert_int_equal(find(SELF, "a_function_to_find", &offset), 0);
	assert_int_equal(find(SELF, "none", &offset), -ENOENT);
	assert_int_equal(find("/etc/passwd", "none", &offset), -ENOEXEC);
	assert_int_equal(count_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offset_is_where_the_code_is),
		cmocka_unit_test(only_defined_functions_are_found),
		cmocka_unit_test(functions_are_found_by_their_offset),
		cmocka_unit_test(functions_are_written_and_read_elsewhere),
		cmocka_unit_test(written_functions_are_checked),
		cmocka_unit_test(what_is_no_elf_file),
		cmocka_unit_test(damaged_files_are_refused_or_read),
		cmocka_unit_test(what_sections_say_is_bounded),
		cmocka_unit_test(a_file_of_tables_takes_no_time),
		cmocka_unit_test(a_32_bit_file),
		cmocka_unit_test(libraries_are_found_as_the_linker_does),
		cmocka_unit_test(a_function_in_a_library),
		cmocka_unit_test(an_older_line_is_replaced),
		cmocka_unit_test(nothing_stays_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
