// SPDX-License-Identifier: Apache-2.0
/*
 * BTF. Of each type in an accepted file everything that the reader says of it is asked, and every
 * name is read to its end. The headers that are made of BTF are not: their size has no bound where
 * structs without a name stand in each other.
 */
#include <string.h>

#include "fuzz.h"
#include "kernel/btf_file.h"

static size_t read_parts(const struct btf_file *btf, const struct btf_type *type)
{
	size_t length = 0;
	uint32_t i;

	for (i = 0; i < type_length(type); i++) {
		if (type_is_composite(type))
			length += strlen(btf_file_string(btf, type_members(type)[i].name_off)) +
				  btf_file_size_of(btf, type_members(type)[i].type) +
				  type_member_offset(type, i) + type_member_width(type, i);
		else if (type_is(type, TYPE_ENUM))
			length += strlen(btf_file_string(btf, type_enumerators(type)[i].name_off));
		else if (type_is(type, TYPE_ENUM64))
			length += strlen(
				btf_file_string(btf, type_wide_enumerators(type)[i].name_off));
		else if (type_is(type, TYPE_FUNC_PROTO))
			length += strlen(btf_file_string(btf, type_parameters(type)[i].name_off)) +
				  btf_file_size_of(btf, type_parameters(type)[i].type);
		else if (type_is(type, TYPE_DATASEC))
			length += btf_file_size_of(btf, type_variables(type)[i].type);
	}
	return length;
}

/* The header is given, as for types and strings that fill the file: the fuzzer finds it hardly. */
static void parse(const uint8_t *data, size_t size)
{
	struct btf_file *btf;
	volatile size_t sum = 0;
	uint32_t id;

	if (btf_file_parse(data, size, &btf)) {
		REQUIRE(!btf);
		return;
	}
	for (id = 1; id < btf_file_count(btf); id++) {
		const struct btf_type *type = btf_file_type(btf, id);

		REQUIRE(type_kind(type) < TYPE_KINDS);
		sum += strlen(btf_file_string(btf, type->name_off)) + btf_file_size_of(btf, id) +
		       read_parts(btf, type);
	}
	btf_file_close(btf);
}

/* The first two bytes are the length of the types; the strings follow, and a NUL. */
static void parse_with_header(const uint8_t *data, size_t size)
{
	uint32_t header[] = { 0x0001eb9f, 24, 0, 0, 0, 0 };
	uint8_t *file;

	if (size < 2)
		return;
	header[3] = (data[0] | (uint32_t)data[1] << 8) * sizeof(uint32_t);
	size -= 2;
	if (header[3] > size)
		header[3] = (uint32_t)size;
	header[4] = header[3];
	header[5] = (uint32_t)size - header[3] + 1;
	file = calloc(1, sizeof(header) + size + 1);
	if (!file)
		return;
	memcpy(file, header, sizeof(header));
	memcpy(file + sizeof(header), data + 2, size);
	parse(file, sizeof(header) + size + 1);
	free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1); /* it is aligned */

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	parse(copy, size);
	free(copy);
	parse_with_header(data, size);
	return 0;
}
