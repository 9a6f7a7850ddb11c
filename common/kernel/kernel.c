// SPDX-License-Identifier: Apache-2.0
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "kernel/kernel.h"

static uint32_t parse_version(const char *text)
{
	unsigned int major = 0, minor = 0, patch = 0;

	if (sscanf(text, "%u.%u.%u", &major, &minor, &patch) < 2)
		return 0;
	return (major << 16) + (minor << 8) + (patch > 255 ? 255 : patch);
}

uint32_t kernel_version_code(const char *release, const char *version, const char *signature)
{
	const char *debian = strstr(version, "Debian ");
	const char *upstream = signature ? strrchr(signature, ' ') : NULL;
	uint32_t code = 0;

	if (debian)
		code = parse_version(debian + strlen("Debian "));
	else if (upstream)
		code = parse_version(upstream + 1);
	return code ? code : parse_version(release);
}

/*
 * ELF notes (elf(5)): each has a header {name size, content size, type}, a name and a content. Both
 * are padded to 4 bytes. Returns the content of the first note of that name and type, and its size,
 * or NULL.
 */
static const char *find_note(const char *notes, size_t size, const char *name, uint32_t type,
			     size_t *content_size)
{
	const size_t name_size = strlen(name) + 1;
	size_t at = 0, content;
	Elf64_Nhdr note;

	while (size - at >= sizeof(note)) {
		memcpy(&note, notes + at, sizeof(note));
		content = at + sizeof(note) + ((note.n_namesz + 3UL) & ~3UL);
		if (content > size || note.n_descsz > size - content)
			return NULL;
		*content_size = note.n_descsz;
		if (note.n_type == type && note.n_namesz == name_size &&
		    !memcmp(notes + at + sizeof(note), name, name_size))
			return notes + content;
		at = content + ((note.n_descsz + 3UL) & ~3UL);
		if (at > size)
			return NULL;
	}
	return NULL;
}

int kernel_compare(const struct kernel *one, const struct kernel *other)
{
	int order = strcmp(one->release, other->release);

	if (!order)
		order = strcmp(one->version, other->version);
	return order ? order : strcmp(one->build_id, other->build_id);
}

void kernel_read_build_id(struct kernel *kernel, const char *notes, size_t size)
{
	const char *id = find_note(notes, size, "GNU", NT_GNU_BUILD_ID, &size);
	size_t i;

	if (!id || size * 2 >= sizeof(kernel->build_id))
		return;
	for (i = 0; i < size; i++)
		sprintf(kernel->build_id + 2 * i, "%02x", (unsigned char)id[i]);
}

/*
 * The kernel puts its LINUX_VERSION_CODE into a note of the vDSO, an ELF file that it maps into
 * each process (arch/x86/entry/vdso/vdso-note.S). The file has one segment, so a segment's offset
 * is where it is mapped.
 */
uint32_t kernel_own_version_code(void)
{
	const char *vdso = (const char *)getauxval(AT_SYSINFO_EHDR), *found;
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)vdso;
	const Elf64_Phdr *segments;
	uint32_t code = 0;
	size_t size;
	int i;

	if (!vdso || memcmp(vdso, ELFMAG, SELFMAG) || vdso[EI_CLASS] != ELFCLASS64)
		return 0;
	segments = (const Elf64_Phdr *)(vdso + header->e_phoff);
	for (i = 0; i < header->e_phnum && !code; i++) {
		if (segments[i].p_type != PT_NOTE)
			continue;
		found = find_note(vdso + segments[i].p_offset, segments[i].p_filesz, "Linux", 0,
				  &size);
		if (found && size == sizeof(code))
			memcpy(&code, found, sizeof(code));
	}
	return code;
}

void kernel_identify(struct kernel *kernel)
{
	struct utsname name = {};
	char *notes, *signature;
	size_t size;

	*kernel = (struct kernel){};
	uname(&name);
	snprintf(kernel->release, sizeof(kernel->release), "%s", name.release);
	snprintf(kernel->version, sizeof(kernel->version), "%s", name.version);
	snprintf(kernel->machine, sizeof(kernel->machine), "%s", name.machine);
	signature = file_read("/proc/version_signature", &size);
	kernel->version_code = kernel_own_version_code();
	if (!kernel->version_code)
		kernel->version_code = kernel_version_code(name.release, name.version, signature);
	free(signature);
	notes = file_read("/sys/kernel/notes", &size);
	if (notes)
		kernel_read_build_id(kernel, notes, size);
	free(notes);
}

bool kernel_has_modules(void)
{
	return !access("/proc/modules", F_OK);
}
