// SPDX-License-Identifier: Apache-2.0
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "kernel/vmlinux.h"

#define MOST_SIZE                                                                      \
	(1UL << 30) /* bytes of a file: one with all its debugging data has half of it \
		     */

/* ---- unpacking ---- */

/* Where the packed kernel is in a bzImage. */
#define SECTORS_AT	  0x1f1 /* of 512 bytes, before the part that runs; one more is not counted */
#define MAGIC_AT	  0x202
#define PAYLOAD_AT	  0x248
#define PAYLOAD_LENGTH_AT 0x24c

static const struct packing {
	const char *magic;
	size_t length;
	const char *program;
	bool has_own_length; /* else its length unpacked, 4 bytes, follows it */
} packings[] = {
	{ "\xfd"
	  "7zXZ",
	  5, "xz", false },
	{ "\x28\xb5\x2f\xfd", 4, "zstd", false },
	{ "\x1f\x8b", 2, "gzip", true },
	{ "BZh", 3, "bzip2", false },
	{ "\x02\x21\x4c\x18", 4, "lz4", false },
};

static uint32_t word_at(const char *data)
{
	uint32_t word;

	memcpy(&word, data, sizeof(word));
	return word;
}

/* The packed kernel in a bzImage; NULL if the file is none. */
static const char *find_payload(const char *data, size_t size, size_t *length)
{
	size_t start;

	if (size < PAYLOAD_LENGTH_AT + 4 || memcmp(data + MAGIC_AT, "HdrS", 4))
		return NULL;
	start = ((unsigned char)data[SECTORS_AT] + 1UL) * 512 + word_at(data + PAYLOAD_AT);
	*length = word_at(data + PAYLOAD_LENGTH_AT);
	return start <= size && *length <= size - start ? data + start : NULL;
}

static const struct packing *packing_of(const char *data, size_t size)
{
	size_t i;

	for (i = 0; i < sizeof(packings) / sizeof(*packings); i++)
		if (size >= packings[i].length + 4 &&
		    !memcmp(data, packings[i].magic, packings[i].length))
			return &packings[i];
	return NULL;
}

/* Runs "PROGRAM -dc" with a file as its input, another as its output, and no messages. */
static int run(const char *program, int input, int output)
{
	char *argv[] = { (char *)program, "-dc", NULL }, *environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	char path[64];
	int status = -1, err;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	snprintf(path, sizeof(path), "/usr/bin/%s", program);
	err = posix_spawn(&pid, path, &actions, NULL, argv, environment);
	if (err == ENOENT)
		err = posix_spawn(&pid, path + strlen("/usr"), &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status ? -EIO : 0;
}

static int unpack(const struct packing *packing, const char *data, size_t size,
		  struct buffer *unpacked)
{
	int input = file_in_memory("packed", false), output = file_in_memory("kernel", false),
	    err = 0;

	if (!packing->has_own_length)
		size -= 4;
	if (input < 0 || output < 0)
		err = -ENOMEM;
	if (!err)
		err = file_write_fd(input, data, size);
	if (!err && lseek(input, 0, SEEK_SET))
		err = -errno;
	if (!err)
		err = run(packing->program, input, output);
	if (!err && lseek(output, 0, SEEK_SET))
		err = -errno;
	if (!err)
		err = file_read_fd(output, unpacked);
	if (input >= 0)
		close(input);
	if (output >= 0)
		close(output);
	return err;
}

static int unpack_file(struct vmlinux *vmlinux, const char *path, const char *data, size_t size,
		       struct error *error)
{
	const char *payload = find_payload(data, size, &size);
	const struct packing *packing = payload ? packing_of(payload, size) : NULL;
	struct buffer unpacked = {};
	int err;

	if (!packing)
		return error_set(error, ENOEXEC, "%s is no kernel that can be unpacked here", path);
	err = unpack(packing, payload, size, &unpacked);
	if (err == -ENOENT)
		error_set(error, -err, "can't unpack %s: install %s", path, packing->program);
	else if (err)
		error_set(error, -err, "can't unpack %s with %s", path, packing->program);
	if (err) {
		buffer_free(&unpacked);
		return err;
	}
	err = vmlinux_take(vmlinux, unpacked.data, unpacked.size);
	return err ? error_set(error, -err, "what %s has in it is no ELF file", path) : 0;
}

int vmlinux_read(struct vmlinux *vmlinux, const char *path, struct error *error)
{
	size_t size;
	char *data = file_read_up_to(path, MOST_SIZE, &size);
	int err;

	*vmlinux = (struct vmlinux){};
	if (!data)
		return error_set(error, errno, "can't read %s: %s", path, strerror(errno));
	if (size >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG)) {
		err = vmlinux_take(vmlinux, data, size);
		return err ? error_set(error, -err, "%s is no complete ELF file", path) : 0;
	}
	err = unpack_file(vmlinux, path, data, size, error);
	free(data);
	return err;
}

/* ---- sections ---- */

static bool is_within(size_t size, uint64_t start, uint64_t length)
{
	return start <= size && length <= size - start;
}

/* Copied, since nothing says that it is aligned in the file. */
static Elf64_Shdr section_at(const struct vmlinux *vmlinux, const Elf64_Ehdr *header,
			     unsigned int index)
{
	Elf64_Shdr section;

	memcpy(&section, vmlinux->data + header->e_shoff + index * sizeof(section),
	       sizeof(section));
	return section;
}

static bool is_file_valid(const struct vmlinux *vmlinux)
{
	Elf64_Ehdr header;
	Elf64_Shdr names;

	if (vmlinux->size < sizeof(header))
		return false;
	memcpy(&header, vmlinux->data, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_shentsize != sizeof(Elf64_Shdr) ||
	    header.e_shstrndx >= header.e_shnum ||
	    !is_within(vmlinux->size, header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr)))
		return false;
	names = section_at(vmlinux, &header, header.e_shstrndx);
	return names.sh_size && is_within(vmlinux->size, names.sh_offset, names.sh_size) &&
	       !vmlinux->data[names.sh_offset + names.sh_size - 1];
}

int vmlinux_take(struct vmlinux *vmlinux, char *data, size_t size)
{
	*vmlinux = (struct vmlinux){ data, size };
	if (is_file_valid(vmlinux))
		return 0;
	vmlinux_free(vmlinux);
	return -ENOEXEC;
}

const char *vmlinux_section(const struct vmlinux *vmlinux, const char *name, size_t *size)
{
	Elf64_Shdr names, section;
	Elf64_Ehdr header;
	unsigned int i;

	memcpy(&header, vmlinux->data, sizeof(header));
	names = section_at(vmlinux, &header, header.e_shstrndx);
	for (i = 0; i < header.e_shnum; i++) {
		section = section_at(vmlinux, &header, i);
		if (section.sh_type == SHT_NOBITS || section.sh_name >= names.sh_size ||
		    strcmp(vmlinux->data + names.sh_offset + section.sh_name, name) ||
		    !is_within(vmlinux->size, section.sh_offset, section.sh_size))
			continue;
		*size = section.sh_size;
		return vmlinux->data + section.sh_offset;
	}
	return NULL;
}

/* ---- what it says of itself ---- */

static const char *machine_of(const struct vmlinux *vmlinux)
{
	Elf64_Ehdr header;

	memcpy(&header, vmlinux->data, sizeof(header));
	return header.e_machine == EM_X86_64  ? "x86_64" :
	       header.e_machine == EM_AARCH64 ? "aarch64" :
						"unknown";
}

/* The printable text up to the end of the line, or to the end of the file. */
static size_t line_length(const char *text, const char *end)
{
	const char *at = text;

	while (at < end && *at >= ' ' && *at <= '~')
		at++;
	return (size_t)(at - text);
}

/*
 * uname -v ends the line that a kernel prints first (init/version.c): "Linux version RELEASE
 * (COMPILED BY) (COMPILER) #1 SMP ...". The file may have that line more than once, at first
 * without the number.
 */
static bool find_version(const struct vmlinux *vmlinux, const char *release, char *version,
			 size_t size)
{
	const char *at = vmlinux->data, *end = at + vmlinux->size, *number;
	char begin[192];
	bool found = false;
	size_t length;

	snprintf(begin, sizeof(begin), "Linux version %s (", release);
	while ((at = memmem(at, (size_t)(end - at), begin, strlen(begin)))) {
		length = line_length(at, end);
		number = memchr(at, '#', length);
		if (number && number + 1 < at + length && number[1] >= '0' && number[1] <= '9') {
			snprintf(version, size, "%.*s", (int)(at + length - number), number);
			found = true;
		}
		at += strlen(begin);
	}
	return found;
}

/* The vDSO, which the file has in it somewhere, has a note: see kernel_own_version_code(). */
static uint32_t find_version_code(const struct vmlinux *vmlinux)
{
	static const struct {
		uint32_t name_size, content_size, type;
		char name[8];
	} note = { sizeof("Linux"), sizeof(uint32_t), 0, "Linux" };
	const char *end = vmlinux->data + vmlinux->size;
	const char *found = memmem(vmlinux->data, vmlinux->size, &note, sizeof(note));

	if (!found || (size_t)(end - found) < sizeof(note) + sizeof(uint32_t))
		return 0;
	return word_at(found + sizeof(note));
}

int vmlinux_identify(const struct vmlinux *vmlinux, const char *release, struct kernel *kernel)
{
	const char *notes;
	size_t size;

	*kernel = (struct kernel){};
	snprintf(kernel->release, sizeof(kernel->release), "%s", release);
	snprintf(kernel->machine, sizeof(kernel->machine), "%s", machine_of(vmlinux));
	if (!find_version(vmlinux, release, kernel->version, sizeof(kernel->version)))
		return -ENOENT;
	kernel->version_code = find_version_code(vmlinux);
	if (!kernel->version_code)
		kernel->version_code = kernel_version_code(release, kernel->version, NULL);
	notes = vmlinux_section(vmlinux, ".notes", &size);
	if (notes)
		kernel_read_build_id(kernel, notes, size);
	return 0;
}

void vmlinux_free(struct vmlinux *vmlinux)
{
	free(vmlinux->data);
	*vmlinux = (struct vmlinux){};
}
