// SPDX-License-Identifier: Apache-2.0
/*
 * Images and cache files. The cache's source is included, because its public functions reject each
 * changed file by its checksum and never read the rest.
 */
#include "compile/cache.c"

#include "fuzz.h"

static char key_text[] = "snoopkit: fuzz\n";

/* An accepted image is written as it was read and fulfils what image.h promises. */
static void check_image(const struct image *image, const void *data, size_t size)
{
	struct buffer written = {};
	uint32_t i, k;

	image_write(image, &written);
	REQUIRE(written.size == size && !memcmp(written.data, data, size));
	buffer_free(&written);
	for (i = 0; i < image->map_count; i++)
		REQUIRE(image_find_map(image, image->maps[i].name) <= (int)i);
	for (i = 0; i < image->program_count; i++) {
		const struct image_program *program = &image->programs[i];

		REQUIRE(image_find_program(image, program->name) <= program);
		for (k = 0; k < program->instruction_count; k++) {
			const struct bpf_insn *instruction = &program->instructions[k];

			if (instruction->code != (BPF_LD | BPF_IMM | BPF_DW))
				continue;
			REQUIRE(k + 1 < program->instruction_count);
			REQUIRE(!instruction_is_map(instruction) ||
				(uint32_t)instruction->imm < image->map_count);
			REQUIRE(!instruction_is_parameter(instruction) ||
				(uint32_t)instruction->imm < IMAGE_PARAMETERS);
			k++;
		}
	}
}

static void read_as_image(const void *data, size_t size)
{
	struct image *image = NULL;

	if (image_read(data, size, &image))
		REQUIRE(!image);
	else
		check_image(image, data, size);
	image_free(image);
}

static void read_and_free(const struct cache_key *key, const char *data, size_t size)
{
	struct image *image = NULL;

	if (read_image(key, data, size, &image))
		REQUIRE(!image);
	image_free(image);
}

/* Corrects the key and the checksum, so that the bytes after them are read. */
static void read_as_cache_file(const uint8_t *data, size_t size)
{
	const struct cache_key key = { .text = key_text };
	struct file_header header = { .format = IMAGE_FORMAT };
	struct buffer file = {};

	memcpy(header.magic, MAGIC, sizeof(header.magic));
	image_free(cache_load("/nonexistent", &key));
	read_and_free(&key, (const char *)data, size);
	header.key_size = (uint32_t)strlen(key_text);
	header.size = header.key_size + size;
	buffer_append(&file, &header, sizeof(header));
	buffer_append(&file, key_text, header.key_size);
	buffer_append(&file, data, size);
	checksum(&header, file.data + sizeof(header), header.checksum);
	memcpy(file.data, &header, sizeof(header));
	read_and_free(&key, file.data, file.size);
	buffer_free(&file);
}

/*
 * The first byte says whether the image's first 512 bytes, a text, are valid or come from the
 * input: the fuzzer would need long to find a valid text.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char compiler[sizeof(((struct image *)0)->compiler)] = "/bin/sh size 1";
	struct buffer bytes = {};

	if (!size)
		return 0;
	if (data[0] & 1)
		buffer_append(&bytes, compiler, sizeof(compiler));
	buffer_append(&bytes, data + 1, size - 1);
	read_as_image(bytes.data, bytes.size);
	read_as_cache_file((const uint8_t *)bytes.data, bytes.size);
	buffer_free(&bytes);
	return 0;
}
