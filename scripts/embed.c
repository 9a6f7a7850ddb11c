// SPDX-License-Identifier: Apache-2.0
/*
 * embed SOURCE NAME DIRECTORY...: writes a C file that defines NAME, a struct program_source
 * (common/compile/source.h) with the text of the BPF program SOURCE. Each #include "HEADER" is
 * replaced by the header's text, once, from the first DIRECTORY that has it, so that libbcc can
 * compile the text alone. The parts name the files as they are named here.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LINE    1024
#define MAX_HEADERS 32
#define MAX_PARTS   128

/* As struct source_part. */
struct part {
	unsigned int first, line;
	char file[2 * MAX_LINE];
};

struct embedding {
	char **directories; /* up to a NULL */
	char headers[MAX_HEADERS][MAX_LINE];
	int header_count;
	struct part parts[MAX_PARTS];
	int part_count;
	unsigned int lines; /* of the text so far */
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "embed: %s: %s\n", what, why);
	exit(1);
}

static void put_string(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n\"\n\t\"", stdout);
		else if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if (*text == '\t')
			fputs("\\t", stdout);
		else
			putchar(*text);
	}
}

static bool is_new(struct embedding *embedding, const char *header)
{
	int i;

	for (i = 0; i < embedding->header_count; i++)
		if (!strcmp(embedding->headers[i], header))
			return false;
	if (embedding->header_count == MAX_HEADERS)
		die(header, "too many headers");
	snprintf(embedding->headers[embedding->header_count++], MAX_LINE, "%s", header);
	return true;
}

static void put_file(struct embedding *embedding, const char *path);

static void put_header(struct embedding *embedding, const char *name)
{
	char path[2 * MAX_LINE] = "";
	char **directory;

	for (directory = embedding->directories; *directory; directory++) {
		snprintf(path, sizeof(path), "%s/%s", *directory, name);
		if (!access(path, R_OK))
			break;
	}
	put_file(embedding, path);
}

/* The text's next line is that line of the file, and those after it follow it. */
static void begin_part(struct embedding *embedding, const char *path, unsigned int line)
{
	struct part *part = &embedding->parts[embedding->part_count++];

	if (embedding->part_count > MAX_PARTS)
		die(path, "too many parts");
	part->first = embedding->lines + 1;
	part->line = line;
	snprintf(part->file, sizeof(part->file), "%s", path);
}

static void put_file(struct embedding *embedding, const char *path)
{
	char line[MAX_LINE], header[MAX_LINE];
	FILE *file = fopen(path, "r");
	unsigned int number = 0;
	bool follows = false; /* the text's last line is the file's line before */

	if (!file) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof(line), file)) {
		number++;
		if (!strchr(line, '\n'))
			die(path, "a line is too long or not terminated");
		if (sscanf(line, "#include \"%1023[^\"]\"", header) == 1) {
			if (is_new(embedding, header))
				put_header(embedding, header);
			follows = false;
			continue;
		}
		if (!follows)
			begin_part(embedding, path, number);
		follows = true;
		put_string(line);
		embedding->lines++;
	}
	fclose(file);
}

static void put_parts(const struct embedding *embedding)
{
	const struct part *part = embedding->parts;
	int i;

	for (i = 0; i < embedding->part_count; i++, part++) {
		printf("\t{ %u, \"", part->first);
		put_string(part->file);
		printf("\", %u },\n", part->line);
	}
	puts("\t{ 0, 0, 0 },");
}

int main(int argc, char **argv)
{
	static struct embedding embedding;

	if (argc < 4) {
		fprintf(stderr, "usage: embed SOURCE NAME DIRECTORY...\n");
		return 2;
	}
	embedding.directories = argv + 3;
	puts("#include \"compile/source.h\"\n");
	printf("extern const struct program_source %s;\n\nstatic const char text[] =\n\t\"",
	       argv[2]);
	put_file(&embedding, argv[1]);
	fputs("\";\n\nstatic const struct source_part parts[] = {\n", stdout);
	put_parts(&embedding);
	printf("};\n\nconst struct program_source %s = { .text = text, .parts = parts };\n",
	       argv[2]);
	return fflush(stdout) || ferror(stdout);
}
