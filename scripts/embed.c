// SPDX-License-Identifier: Apache-2.0
/*
 * embed SOURCE NAME DIRECTORY...: writes a C file that defines NAME, a struct program_source
 * (common/compile/source.h) with the text of the BPF program SOURCE, and after it, in sections of
 * their own (common/compile/unfold.h), that of each header that it or a header includes by
 * #include "HEADER", from the first DIRECTORY that has it. The sections name the files as they are
 * named here. Headers between #ifdef WITH_WHO and #endif are left out: --who adds them.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LINE    1024
#define MAX_HEADERS 32

struct embedding {
	char **directories;		     /* up to a NULL */
	char headers[MAX_HEADERS][MAX_LINE]; /* in the order of their first use */
	int header_count;
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

static void note_header(struct embedding *embedding, const char *header)
{
	int i;

	for (i = 0; i < embedding->header_count; i++)
		if (!strcmp(embedding->headers[i], header))
			return;
	if (embedding->header_count == MAX_HEADERS)
		die(header, "too many headers");
	snprintf(embedding->headers[embedding->header_count++], MAX_LINE, "%s", header);
}

/* A section: its head, which names the file, and the file's lines. */
static void put_file(struct embedding *embedding, const char *path)
{
	char line[MAX_LINE], header[MAX_LINE];
	FILE *file = fopen(path, "r");
	bool is_left_out = false;

	if (!file) {
		perror(path);
		exit(1);
	}
	snprintf(line, sizeof(line), "/* ==== %s ==== */\n", path);
	put_string(line);
	while (fgets(line, sizeof(line), file)) {
		if (!strchr(line, '\n'))
			die(path, "a line is too long or not terminated");
		if (*line == '#' && strncmp(line, "#include", 8))
			is_left_out = !strcmp(line, "#ifdef WITH_WHO\n");
		if (!is_left_out && sscanf(line, "#include \"%1023[^\"]\"", header) == 1)
			note_header(embedding, header);
		put_string(line);
	}
	fclose(file);
}

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

static const char end[] = "\n/* ==== end ==== */\n"
			  "/* What is written below belongs to the program on top. */\n";

static const char helpers[] =
	"\n/*\n"
	" * ---- The helpers: what the program above includes. ----\n"
	" *\n"
	" * Each section takes the place of its #include line when the program is compiled.\n"
	" */\n";

int main(int argc, char **argv)
{
	static struct embedding embedding;
	int i;

	if (argc < 4) {
		fprintf(stderr, "usage: embed SOURCE NAME DIRECTORY...\n");
		return 2;
	}
	embedding.directories = argv + 3;
	puts("#include \"compile/source.h\"\n");
	printf("extern const struct program_source %s;\n\nstatic const char text[] =\n\t\"",
	       argv[2]);
	put_file(&embedding, argv[1]);
	put_string(helpers);
	for (i = 0; i < embedding.header_count; i++)
		put_header(&embedding, embedding.headers[i]);
	put_string(end);
	printf("\";\n\nconst struct program_source %s = { .text = text };\n", argv[2]);
	return fflush(stdout) || ferror(stdout);
}
