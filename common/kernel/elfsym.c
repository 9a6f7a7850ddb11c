// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "kernel/elfsym.h"

/*
 * The file may be anybody's, and may be written while it is read. So it is not mapped, and what it
 * says of sizes has bounds: far above those of bash with all its symbols, which has 3,000.
 */
#define MOST_SECTIONS 4096
#define MOST_SEGMENTS 256
#define MOST_TABLE    (4 << 20)	 /* bytes of a table of symbols, of dynamic entries or of strings */
#define MOST_TABLES   (16 << 20) /* of all that are read */

struct elf_file {
	int fd;
	bool is_32_bit;
	Elf64_Ehdr header; /* a 32-bit file's is converted, as all that follows */
	Elf64_Shdr *sections;
	size_t section_count;
	size_t tables_left; /* bytes of tables that may still be read */
};

/* A section's bytes, with a NUL behind them. */
struct table {
	char *data;
	size_t size;
};

static int read_at(const struct elf_file *file, void *target, size_t size, uint64_t offset)
{
	size_t done = 0;
	ssize_t count;

	if (offset > INT64_MAX - size)
		return -ENOEXEC;
	while (done < size) {
		count = pread(file->fd, (char *)target + done, size - done, (off_t)(offset + done));
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count ? -errno : -ENOEXEC;
		done += (size_t)count;
	}
	return 0;
}

static bool is_elf(const unsigned char *ident)
{
	return !memcmp(ident, ELFMAG, SELFMAG) && ident[EI_DATA] == ELFDATA2LSB &&
	       (ident[EI_CLASS] == ELFCLASS64 || ident[EI_CLASS] == ELFCLASS32);
}

static int read_header(struct elf_file *file)
{
	Elf64_Ehdr *header = &file->header;
	Elf32_Ehdr narrow;
	int err;

	err = read_at(file, header->e_ident, EI_NIDENT, 0);
	if (err || !is_elf(header->e_ident))
		return err ? err : -ENOEXEC;
	file->is_32_bit = header->e_ident[EI_CLASS] == ELFCLASS32;
	if (!file->is_32_bit)
		return read_at(file, header, sizeof(*header), 0);
	err = read_at(file, &narrow, sizeof(narrow), 0);
	header->e_phoff = narrow.e_phoff;
	header->e_shoff = narrow.e_shoff;
	header->e_phentsize = narrow.e_phentsize;
	header->e_phnum = narrow.e_phnum;
	header->e_shentsize = narrow.e_shentsize;
	header->e_shnum = narrow.e_shnum;
	return err;
}

static int read_section(const struct elf_file *file, uint64_t offset, Elf64_Shdr *section)
{
	Elf32_Shdr narrow;
	int err;

	if (!file->is_32_bit)
		return read_at(file, section, sizeof(*section), offset);
	err = read_at(file, &narrow, sizeof(narrow), offset);
	*section = (Elf64_Shdr){ .sh_type = narrow.sh_type,
				 .sh_offset = narrow.sh_offset,
				 .sh_size = narrow.sh_size,
				 .sh_link = narrow.sh_link };
	return err;
}

static int read_sections(struct elf_file *file)
{
	size_t size = file->is_32_bit ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr);
	size_t count = file->header.e_shnum, i;
	int err = 0;

	if (!count)
		return 0;
	if (count > MOST_SECTIONS || file->header.e_shentsize != size)
		return -ENOEXEC;
	file->sections = calloc(count, sizeof(*file->sections));
	if (!file->sections)
		return -ENOMEM;
	for (i = 0; !err && i < count; i++)
		err = read_section(file, file->header.e_shoff + i * size, &file->sections[i]);
	file->section_count = err ? 0 : count;
	return err;
}

static int read_table(struct elf_file *file, uint32_t index, struct table *table)
{
	const Elf64_Shdr *section;
	int err;

	*table = (struct table){};
	if (index >= file->section_count)
		return -ENOEXEC;
	section = &file->sections[index];
	if (section->sh_type == SHT_NOBITS || section->sh_size > MOST_TABLE ||
	    section->sh_size > file->tables_left)
		return -ENOEXEC;
	file->tables_left -= section->sh_size;
	table->data = calloc(1, section->sh_size + 1);
	if (!table->data)
		return -ENOMEM;
	table->size = section->sh_size;
	err = read_at(file, table->data, table->size, section->sh_offset);
	if (err) {
		free(table->data);
		table->data = NULL;
	}
	return err;
}

/* A FIFO is no ELF file: no waiting. */
static int open_file(const char *path)
{
	return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* fd, which may be -1 with errno, becomes the file's. */
static int read_elf(struct elf_file *file, int fd, const char *path, struct error *error)
{
	struct stat info;
	int err;

	*file = (struct elf_file){ .fd = fd, .tables_left = MOST_TABLES };
	error->text[0] = '\0';
	if (file->fd < 0)
		return error_set(error, errno, "can't open %s: %s", path, strerror(errno));
	err = fstat(file->fd, &info) || !S_ISREG(info.st_mode) ? -ENOEXEC : read_header(file);
	if (err)
		return error_set(error, -err, "%s is not an ELF file", path);
	err = read_sections(file);
	return err ? error_set(error, -err, "%s is a damaged ELF file", path) : 0;
}

static void close_elf(struct elf_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->sections);
}

/* A visit finds what it looks for (0), does not (-ENOENT), or fails. */
typedef int (*visitor)(const struct elf_file *file, const struct table *entries,
		       const struct table *strings, void *context);

/* Visits the sections of that type, with the strings that they refer to. */
static int visit_sections(struct elf_file *file, uint32_t type, visitor visit, void *context)
{
	struct table entries, strings = {};
	int err = -ENOENT;
	uint32_t i;

	for (i = 0; err == -ENOENT && i < file->section_count; i++) {
		if (file->sections[i].sh_type != type)
			continue;
		err = read_table(file, i, &entries);
		if (!err)
			err = read_table(file, file->sections[i].sh_link, &strings);
		if (!err)
			err = visit(file, &entries, &strings, context);
		free(entries.data);
		free(strings.data);
		strings.data = NULL;
	}
	return err;
}

/* NULL where the string would begin behind the table's end. */
static const char *string_at(const struct table *strings, uint64_t offset)
{
	return offset < strings->size ? strings->data + offset : NULL;
}

static int read_segment(const struct elf_file *file, size_t index, Elf64_Phdr *segment)
{
	size_t size = file->is_32_bit ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
	uint64_t offset = file->header.e_phoff + index * size;
	Elf32_Phdr narrow;
	int err;

	if (file->header.e_phentsize != size)
		return -ENOEXEC;
	if (!file->is_32_bit)
		return read_at(file, segment, sizeof(*segment), offset);
	err = read_at(file, &narrow, sizeof(narrow), offset);
	*segment = (Elf64_Phdr){ .p_type = narrow.p_type,
				 .p_offset = narrow.p_offset,
				 .p_vaddr = narrow.p_vaddr,
				 .p_filesz = narrow.p_filesz };
	return err;
}

/* Addresses are as linked; the loadable segment that holds one says where it is in the file. */
static int offset_in_file(const struct elf_file *file, uint64_t address, uint64_t *offset)
{
	Elf64_Phdr segment;
	size_t i;

	for (i = 0; i < file->header.e_phnum && i < MOST_SEGMENTS; i++) {
		if (read_segment(file, i, &segment))
			return -ENOEXEC;
		if (segment.p_type != PT_LOAD || address < segment.p_vaddr ||
		    address - segment.p_vaddr >= segment.p_filesz)
			continue;
		*offset = address - segment.p_vaddr + segment.p_offset;
		return 0;
	}
	return -ENOEXEC;
}

static Elf64_Sym symbol_at(const struct elf_file *file, const struct table *entries, size_t index)
{
	Elf32_Sym narrow;
	Elf64_Sym symbol;

	if (!file->is_32_bit) {
		memcpy(&symbol, entries->data + index * sizeof(symbol), sizeof(symbol));
		return symbol;
	}
	memcpy(&narrow, entries->data + index * sizeof(narrow), sizeof(narrow));
	return (Elf64_Sym){ .st_name = narrow.st_name,
			    .st_info = narrow.st_info,
			    .st_shndx = narrow.st_shndx,
			    .st_value = narrow.st_value,
			    .st_size = narrow.st_size };
}

static size_t symbol_size(const struct elf_file *file)
{
	return file->is_32_bit ? sizeof(Elf32_Sym) : sizeof(Elf64_Sym);
}

static bool is_function(const Elf64_Sym *symbol)
{
	return ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF;
}

struct function_query {
	const char *name;
	uint64_t offset;
};

static int find_function(const struct elf_file *file, const struct table *entries,
			 const struct table *strings, void *context)
{
	size_t size = symbol_size(file), i;
	struct function_query *query = context;
	const char *name;
	Elf64_Sym symbol;

	for (i = 0; i < entries->size / size; i++) {
		symbol = symbol_at(file, entries, i);
		if (!is_function(&symbol))
			continue;
		name = string_at(strings, symbol.st_name);
		if (name && !strcmp(name, query->name))
			return offset_in_file(file, symbol.st_value, &query->offset);
	}
	return -ENOENT;
}

int elfsym_offset(const char *path, const char *name, uint64_t *offset, struct error *error)
{
	return elfsym_offset_in(open_file(path), path, name, offset, error);
}

int elfsym_offset_in(int fd, const char *path, const char *name, uint64_t *offset,
		     struct error *error)
{
	struct function_query query = { .name = name };
	struct elf_file file;
	int err = read_elf(&file, fd, path, error);

	if (!err && !file.section_count) {
		err = error_set(error, ENOEXEC, "%s has no section headers", path);
	} else if (!err) {
		err = visit_sections(&file, SHT_DYNSYM, find_function, &query);
		if (err == -ENOENT)
			err = visit_sections(&file, SHT_SYMTAB, find_function, &query);
		if (err == -ENOENT)
			error_set(error, ENOENT, "%s has no function %s", path, name);
		else if (err)
			error_set(error, -err, "%s is a damaged ELF file", path);
	}
	close_elf(&file);
	*offset = err ? 0 : query.offset;
	return err;
}

struct library_query {
	const char *prefix;
	char name[256];
};

static Elf64_Dyn entry_at(const struct elf_file *file, const struct table *entries, size_t index)
{
	Elf32_Dyn narrow;
	Elf64_Dyn entry;

	if (!file->is_32_bit) {
		memcpy(&entry, entries->data + index * sizeof(entry), sizeof(entry));
		return entry;
	}
	memcpy(&narrow, entries->data + index * sizeof(narrow), sizeof(narrow));
	return (Elf64_Dyn){ .d_tag = narrow.d_tag, .d_un.d_val = narrow.d_un.d_val };
}

static int find_needed(const struct elf_file *file, const struct table *entries,
		       const struct table *strings, void *context)
{
	size_t size = file->is_32_bit ? sizeof(Elf32_Dyn) : sizeof(Elf64_Dyn), i;
	struct library_query *query = context;
	const char *name;
	Elf64_Dyn entry;

	for (i = 0; i < entries->size / size; i++) {
		entry = entry_at(file, entries, i);
		if (entry.d_tag != DT_NEEDED)
			continue;
		name = string_at(strings, entry.d_un.d_val);
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
	struct elf_file file;
	int err = read_elf(&file, open_file(path), path, error);

	if (!err) {
		err = visit_sections(&file, SHT_DYNAMIC, find_needed, &query);
		if (err == -ENOENT)
			error_set(error, ENOENT, "%s is not linked with %s", path, prefix);
		else if (err)
			error_set(error, -err, "%s is a damaged ELF file", path);
	}
	close_elf(&file);
	return err ? err : locate_library(query.name, library, size, error);
}

/* ---- all functions ---- */

#define MOST_LOADS 64

/* What a file's functions are collected from. */
struct collection {
	struct elf_functions *functions;
	size_t capacity;
	struct buffer names;
	Elf64_Phdr loads[MOST_LOADS];
	size_t load_count;
};

static int read_loads(const struct elf_file *file, struct collection *collection)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < file->header.e_phnum && i < MOST_SEGMENTS; i++) {
		Elf64_Phdr *segment = &collection->loads[collection->load_count];

		err = read_segment(file, i, segment);
		if (!err && segment->p_type == PT_LOAD && ++collection->load_count == MOST_LOADS)
			return 0;
	}
	return err;
}

static bool find_offset(const struct collection *collection, uint64_t address, uint64_t *offset)
{
	size_t i;

	for (i = 0; i < collection->load_count; i++) {
		const Elf64_Phdr *segment = &collection->loads[i];

		if (address < segment->p_vaddr || address - segment->p_vaddr >= segment->p_filesz)
			continue;
		*offset = address - segment->p_vaddr + segment->p_offset;
		return true;
	}
	return false;
}

/* The name is for now its offset in the names, whose place changes as they grow. */
static int add_function(struct collection *collection, uint64_t offset, uint64_t size,
			const char *name)
{
	struct elf_functions *functions = collection->functions;
	struct elf_function *items;

	if (functions->count == collection->capacity) {
		collection->capacity = collection->capacity ? 2 * collection->capacity : 1024;
		items = realloc(functions->items, collection->capacity * sizeof(*items));
		if (!items)
			return -ENOMEM;
		functions->items = items;
	}
	functions->items[functions->count++] = (struct elf_function){
		.offset = offset, .size = size, .name = (const char *)collection->names.size
	};
	buffer_append(&collection->names, name, strlen(name) + 1);
	return collection->names.failed ? -ENOMEM : 0;
}

/* -ENOENT lets visit_sections() go on to the next table. */
static int collect_functions(const struct elf_file *file, const struct table *entries,
			     const struct table *strings, void *context)
{
	struct collection *collection = context;
	size_t size = symbol_size(file), i;
	uint64_t offset;
	const char *name;
	Elf64_Sym symbol;

	for (i = 0; i < entries->size / size; i++) {
		symbol = symbol_at(file, entries, i);
		name = string_at(strings, symbol.st_name);
		if (!name || !is_function(&symbol) ||
		    !find_offset(collection, symbol.st_value, &offset))
			continue;
		/* Symbols may share one long name: what they take together has a bound. */
		if (collection->names.size + strlen(name) > MOST_TABLES)
			return 0;
		if (add_function(collection, offset, symbol.st_size, name))
			return -ENOMEM;
	}
	return -ENOENT;
}

static int compare_functions(const void *a, const void *b)
{
	const struct elf_function *left = a, *right = b;

	if (left->offset != right->offset)
		return left->offset < right->offset ? -1 : 1;
	return left->size < right->size ? -1 : left->size > right->size;
}

static void finish_functions(struct elf_functions *functions, struct collection *collection)
{
	size_t i;

	functions->names = collection->names.data;
	functions->names_size = collection->names.size;
	for (i = 0; i < functions->count; i++)
		functions->items[i].name = functions->names + (size_t)functions->items[i].name;
	if (functions->count)
		qsort(functions->items, functions->count, sizeof(*functions->items),
		      compare_functions);
}

int elf_functions_read(const char *path, struct elf_functions *functions, struct error *error)
{
	return elf_functions_read_in(open_file(path), path, functions, error);
}

int elf_functions_read_in(int fd, const char *path, struct elf_functions *functions,
			  struct error *error)
{
	struct collection collection = { .functions = functions };
	struct elf_file file;
	int err;

	*functions = (struct elf_functions){};
	err = read_elf(&file, fd, path, error);
	if (!err) {
		err = read_loads(&file, &collection);
		if (!err)
			err = visit_sections(&file, SHT_SYMTAB, collect_functions, &collection);
		if (!err || err == -ENOENT)
			err = visit_sections(&file, SHT_DYNSYM, collect_functions, &collection);
		err = err == -ENOENT ? 0 : err;
		if (err)
			error_set(error, -err, "%s is a damaged ELF file", path);
	}
	close_elf(&file);
	finish_functions(functions, &collection);
	if (err)
		elf_functions_free(functions);
	return err;
}

/* ---- written down ---- */

/* In the file: their number, all of these, all names. */
struct written_function {
	uint64_t offset, size;
	uint64_t name; /* where it begins in the names */
};

#define MOST_WRITTEN (64 << 20) /* bytes; more than a file's tables can have */

int elf_functions_write(const struct elf_functions *functions, int fd)
{
	uint64_t count = functions->count;
	struct buffer text = {};
	size_t i;
	int err;

	buffer_append(&text, &count, sizeof(count));
	for (i = 0; i < functions->count; i++) {
		const struct elf_function *item = &functions->items[i];
		struct written_function written = { item->offset, item->size,
						    (uint64_t)(item->name - functions->names) };

		buffer_append(&text, &written, sizeof(written));
	}
	buffer_append(&text, functions->names, functions->names_size);
	err = text.failed ? -ENOMEM : file_write_fd(fd, text.data, text.size);
	buffer_free(&text);
	return err;
}

/* Takes the names' memory. */
static int take_written(struct elf_functions *functions, size_t count,
			const struct written_function *written)
{
	size_t i;

	functions->items = calloc(count, sizeof(*functions->items));
	if (!functions->items)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		if (written[i].name >= functions->names_size)
			return -EINVAL;
		functions->items[i] =
			(struct elf_function){ .offset = written[i].offset,
					       .size = written[i].size,
					       .name = functions->names + written[i].name };
	}
	functions->count = count;
	return 0;
}

static int parse_written(const struct buffer *text, struct elf_functions *functions)
{
	struct buffer names = {};
	size_t at = sizeof(uint64_t);
	uint64_t count;
	int err;

	if (text->size < at)
		return -EINVAL;
	memcpy(&count, text->data, sizeof(count));
	if (!count)
		return 0;
	if (count > (text->size - at) / sizeof(struct written_function))
		return -EINVAL;
	at += count * sizeof(struct written_function);
	buffer_append(&names, text->data + at, text->size - at);
	functions->names_size = names.size;
	functions->names = buffer_take_string(&names);
	if (!functions->names)
		return -ENOMEM;
	err = take_written(functions, count,
			   (const struct written_function *)(text->data + sizeof(count)));
	if (err)
		elf_functions_free(functions);
	return err;
}

int elf_functions_read_written(int fd, struct elf_functions *functions)
{
	struct buffer text = {};
	struct stat info;
	int err = -EINVAL;

	*functions = (struct elf_functions){};
	if (!fstat(fd, &info) && S_ISREG(info.st_mode) && !lseek(fd, 0, SEEK_SET))
		err = file_read_fd_up_to(fd, MOST_WRITTEN, &text);
	if (!err)
		err = parse_written(&text, functions);
	buffer_free(&text);
	return err;
}

const struct elf_function *elf_functions_at(const struct elf_functions *functions, uint64_t offset)
{
	size_t low = 0, high = functions->count, middle;
	const struct elf_function *found;

	while (low < high) {
		middle = (low + high) / 2;
		if (functions->items[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	found = &functions->items[low - 1];
	return !found->size || offset - found->offset < found->size ? found : NULL;
}

void elf_functions_free(struct elf_functions *functions)
{
	free(functions->items);
	free(functions->names);
	*functions = (struct elf_functions){};
}
