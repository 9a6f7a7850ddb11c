// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/elfsym.h"

/*
 * Calls visit for each section of a file, as long as it returns -ENOENT. Returns the last result.
 * error is set only where the file could not be read as ELF.
 */
static int visit_sections(const char *path,
			  int (*visit)(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
				       void *context),
			  void *context, struct error *error)
{
	int fd, err = -ENOENT;
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	Elf *elf;

	error->text[0] = '\0';
	elf_version(EV_CURRENT);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* don't wait for a FIFO's writer */
	if (fd < 0)
		return error_set(error, errno, "can't open %s: %s", path, strerror(errno));
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF)
		err = error_set(error, ENOEXEC, "%s is not an ELF file", path);
	else
		while (err == -ENOENT && (section = elf_nextscn(elf, section)))
			if (gelf_getshdr(section, &header))
				err = visit(elf, section, &header, context);
	elf_end(elf);
	close(fd);
	return err;
}

struct function_query {
	const char *name;
	uint64_t offset;
};

/* Symbols have virtual addresses. The loadable segment around one gives the offset in the file. */
static int offset_in_file(Elf *elf, uint64_t address, uint64_t *offset)
{
	GElf_Phdr segment;
	size_t count, i;

	if (elf_getphdrnum(elf, &count))
		return -ENOEXEC;
	for (i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &segment) || segment.p_type != PT_LOAD ||
		    address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz)
			continue;
		*offset = address - segment.p_vaddr + segment.p_offset;
		return 0;
	}
	return -ENOEXEC;
}

static int find_function(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, void *context)
{
	struct function_query *query = context;
	Elf_Data *data;
	const char *name;
	GElf_Sym symbol;
	int i;

	if (header->sh_type != SHT_DYNSYM && header->sh_type != SHT_SYMTAB)
		return -ENOENT;
	data = elf_getdata(section, NULL);
	for (i = 0; data && gelf_getsym(data, i, &symbol); i++) {
		if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF)
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (name && !strcmp(name, query->name))
			return offset_in_file(elf, symbol.st_value, &query->offset);
	}
	return -ENOENT;
}

int elfsym_offset(const char *path, const char *name, uint64_t *offset, struct error *error)
{
	struct function_query query = { .name = name };
	int err = visit_sections(path, find_function, &query, error);

	if (err == -ENOENT && !error->text[0])
		error_set(error, ENOENT, "%s has no function %s", path, name);
	else if (err && !error->text[0])
		error_set(error, -err, "%s is a damaged ELF file", path);
	*offset = query.offset;
	return err;
}

struct library_query {
	const char *prefix;
	char name[256];
};

static int find_needed(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, void *context)
{
	struct library_query *query = context;
	Elf_Data *data;
	const char *name;
	GElf_Dyn entry;
	int i;

	if (header->sh_type != SHT_DYNAMIC)
		return -ENOENT;
	data = elf_getdata(section, NULL);
	for (i = 0; data && gelf_getdyn(data, i, &entry); i++) {
		if (entry.d_tag != DT_NEEDED)
			continue;
		name = elf_strptr(elf, header->sh_link, entry.d_un.d_val);
		if (name && !strncmp(name, query->prefix, strlen(query->prefix))) {
			snprintf(query->name, sizeof(query->name), "%s", name);
			return 0;
		}
	}
	return -ENOENT;
}

/* Loads the library for a moment: only the dynamic linker knows all the places to search. */
static int locate_library(const char *name, char *path, size_t size, struct error *error)
{
	void *library = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
	struct link_map *map;
	int err = 0;

	if (!library || dlinfo(library, RTLD_DI_LINKMAP, &map))
		err = error_set(error, ENOENT, "can't find the shared library %s", name);
	else
		snprintf(path, size, "%s", map->l_name);
	if (library)
		dlclose(library);
	return err;
}

int elfsym_needed(const char *path, const char *prefix, char *library, size_t size,
		  struct error *error)
{
	struct library_query query = { .prefix = prefix };
	int err = visit_sections(path, find_needed, &query, error);

	if (!err)
		return locate_library(query.name, library, size, error);
	if (err == -ENOENT && !error->text[0])
		error_set(error, ENOENT, "%s is not linked with %s", path, prefix);
	return err;
}
