// SPDX-License-Identifier: Apache-2.0
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
 * are padded to 4 bytes.
 */
static void find_build_id(struct kernel *kernel, const char *notes, size_t size)
{
	size_t at = 0, content, i;
	Elf64_Nhdr note;

	while (size - at >= sizeof(note)) {
		memcpy(&note, notes + at, sizeof(note));
		content = at + sizeof(note) + ((note.n_namesz + 3UL) & ~3UL);
		if (content > size || note.n_descsz > size - content)
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") &&
		    !memcmp(notes + at + sizeof(note), "GNU", sizeof("GNU")) &&
		    note.n_descsz * 2UL < sizeof(kernel->build_id)) {
			for (i = 0; i < note.n_descsz; i++)
				sprintf(kernel->build_id + 2 * i, "%02x",
					(unsigned char)notes[content + i]);
			return;
		}
		at = content + ((note.n_descsz + 3UL) & ~3UL);
		if (at > size)
			return;
	}
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
	kernel->version_code = kernel_version_code(name.release, name.version, signature);
	free(signature);
	notes = file_read("/sys/kernel/notes", &size);
	if (notes)
		find_build_id(kernel, notes, size);
	free(notes);
}

bool kernel_has_modules(void)
{
	return !access("/proc/modules", F_OK);
}
