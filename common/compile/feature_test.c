// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "btf/btf_reader.h"
#include "compile/feature_test.h"
#include "kernel/btf_file.h"

/* ---- tests of BTF ---- */

/* "X" for "struct X" and the keyword "struct", "" for "struct" alone, NULL for another keyword. */
static const char *name_after(const char *type, const char *keyword)
{
	size_t length = strlen(keyword);

	if (strncmp(type, keyword, length) || (type[length] && type[length] != ' '))
		return NULL;
	return type[length] ? type + length + 1 : "";
}

static const struct btf_type *without_modifiers(const struct btf_file *btf, uint32_t id)
{
	return btf_file_type(btf, btf_skip_typedefs(btf, id));
}

static bool has_member(const struct btf_file *btf, const struct btf_type *type, const char *name)
{
	const struct btf_member *member = type_members(type);
	uint32_t i;

	for (i = 0; i < type_length(type); i++, member++) {
		const char *found = btf_file_string(btf, member->name_off);
		const struct btf_type *inner;

		if (!strcmp(found, name))
			return true;
		inner = *found ? NULL : without_modifiers(btf, member->type);
		if (inner && type_is_composite(inner) && has_member(btf, inner, name))
			return true;
	}
	return false;
}

static bool has_enumerator(const struct btf_file *btf, const struct btf_type *type,
			   const char *name)
{
	uint32_t i;

	for (i = 0; i < type_length(type); i++)
		if (!strcmp(btf_enumerator_name(btf, type, i), name))
			return true;
	return false;
}

static bool takes_pointer_to(const struct btf_file *btf, const struct btf_type *function,
			     const char *name)
{
	const struct btf_type *prototype = btf_file_type(btf, function->type);
	const struct btf_param *parameter = type_parameters(prototype);
	uint32_t i;

	for (i = 0; i < type_length(prototype); i++, parameter++) {
		const struct btf_type *type = without_modifiers(btf, parameter->type);

		if (!type_is(type, TYPE_PTR))
			continue;
		type = without_modifiers(btf, type->type);
		if ((type_is_composite(type) || type_is(type, TYPE_FWD)) &&
		    !strcmp(btf_file_string(btf, type->name_off), name))
			return true;
	}
	return false;
}

/* The name that the test is for, if it is for a type of that kind; else NULL. */
static const char *tested_name(const struct feature_test *test, const struct btf_type *type)
{
	if (type_is(type, TYPE_STRUCT))
		return name_after(test->type, "struct");
	if (type_is(type, TYPE_UNION))
		return name_after(test->type, "union");
	if (type_is_any_enum(type))
		return name_after(test->type, "enum");
	if (type_is(type, TYPE_TYPEDEF))
		return name_after(test->type, "typedef");
	return type_is(type, TYPE_FUNC) ? name_after(test->type, "func") : NULL;
}

static bool passes(const struct btf_file *btf, const struct btf_type *type,
		   const struct feature_test *test)
{
	const char *name = tested_name(test, type);

	if (!name || (*name && strcmp(name, btf_file_string(btf, type->name_off))))
		return false;
	if (!test->member)
		return *name;
	if (type_is(type, TYPE_FUNC))
		return takes_pointer_to(btf, type, test->member);
	if (type_is(type, TYPE_TYPEDEF))
		type = without_modifiers(btf, type->type);
	if (type_is_composite(type))
		return has_member(btf, type, test->member);
	if (type_is_any_enum(type))
		return has_enumerator(btf, type, test->member);
	return false;
}

int feature_tests_ask_btf(const char *btf_path, const struct feature_test *feature_tests,
			  bool *kernel_has)
{
	struct btf_file *btf;
	uint32_t count, id;
	size_t i;
	int err;

	for (i = 0; feature_tests[i].define; i++)
		kernel_has[i] = false;
	err = btf_file_open(btf_path, &btf);
	if (err)
		return err;
	count = btf_file_count(btf);
	for (id = 1; id < count; id++) {
		const struct btf_type *type = btf_file_type(btf, id);

		for (i = 0; feature_tests[i].define; i++)
			if (!kernel_has[i])
				kernel_has[i] = passes(btf, type, &feature_tests[i]);
	}
	btf_file_close(btf);
	return 0;
}

/* ---- tests of headers ---- */

#define TEST_NAME      "snoopkit-test" /* the source's name in clang's messages */
#define MAX_PARAMETERS 6
#define ASSERT_BEGIN   "_Static_assert("
#define ASSERT_END     " + 1, \"\");\n"
#define THE_END	       "_Static_assert(0, \"\");\n" /* its error shows that clang got there */

/*
 * A test for a function's parameter tries calls with 1 to 6 arguments: one is a pointer to the
 * struct, the others are 0, which fits integers and pointers.
 */
static void append_call(struct buffer *text, const char *name, const char *member, int arguments,
			int position)
{
	int i;

	/* Without the parentheses clang would declare an unknown function implicitly. */
	buffer_printf(text, "sizeof((%s)(", name);
	for (i = 0; i < arguments; i++) {
		buffer_append_string(text, i ? ", " : "");
		if (i == position)
			buffer_printf(text, "(struct %s *)0", member);
		else
			buffer_append_string(text, "0");
	}
	buffer_append_string(text, "))");
}

/* How many lines of the source a test has. The kernel passes it if one line has no error. */
static unsigned int line_count(const struct feature_test *test)
{
	if (!test->header)
		return 0;
	if (name_after(test->type, "func") && test->member)
		return MAX_PARAMETERS * (MAX_PARAMETERS + 1) / 2;
	return 1;
}

static void append_expression(struct buffer *text, const struct feature_test *test)
{
	const char *function = name_after(test->type, "func");
	const char *alias = name_after(test->type, "typedef");
	const char *type = alias ? alias : test->type;

	if (function)
		buffer_printf(text, "sizeof(&%s)", function);
	else if (name_after(test->type, "enum") && test->member)
		buffer_printf(text, "sizeof((int)(%s))", test->member);
	else if (test->member)
		/* sizeof of an int: the member may be a bit-field or an array without length */
		buffer_printf(text, "sizeof(((void)((%s *)0)->%s, 0))", type, test->member);
	else
		buffer_printf(text, "sizeof(%s)", type);
}

static void append_test(struct buffer *text, const struct feature_test *test)
{
	const char *function = name_after(test->type, "func");
	int arguments, position;

	if (!test->header)
		return;
	if (!function || !test->member) {
		buffer_append_string(text, ASSERT_BEGIN);
		append_expression(text, test);
		buffer_append_string(text, ASSERT_END);
		return;
	}
	for (arguments = 1; arguments <= MAX_PARAMETERS; arguments++) {
		for (position = 0; position < arguments; position++) {
			buffer_append_string(text, ASSERT_BEGIN);
			append_call(text, function, test->member, arguments, position);
			buffer_append_string(text, ASSERT_END);
		}
	}
}

static void append_includes(struct buffer *text, const char *headers)
{
	size_t length;

	for (; headers && *headers; headers += length + strspn(headers + length, " ")) {
		length = strcspn(headers, " ");
		buffer_printf(text, "#if __has_include(<%.*s>)\n#include <%.*s>\n#endif\n",
			      (int)length, headers, (int)length, headers);
	}
}

char *feature_tests_source(const struct feature_test *feature_tests)
{
	struct buffer text = {};
	const struct feature_test *test;
	char *source;

	for (test = feature_tests; test->define; test++)
		append_includes(&text, test->header);
	buffer_append_string(&text,
			     "#pragma clang diagnostic error \"-Wincompatible-pointer-types\"\n"
			     "#pragma clang diagnostic error \"-Wint-conversion\"\n"
			     "#line 1 \"" TEST_NAME "\"\n");
	for (test = feature_tests; test->define; test++)
		append_test(&text, test);
	buffer_append_string(&text, THE_END);
	source = buffer_take_string(&text);
	buffer_free(&text);
	return source;
}

/* The line of the source that an error message is about; 0 if the message is another one. */
static unsigned long error_line(const char *message)
{
	static const char file[] = TEST_NAME ":";
	unsigned long line;
	char *end;

	if (strncmp(message, file, strlen(file)))
		return 0;
	line = strtoul(message + strlen(file), &end, 10);
	if (*end == ':')
		strtoul(end + 1, &end, 10);
	return !strncmp(end, ": error:", 8) ? line : 0;
}

static bool is_fatal(const char *message)
{
	return memmem(message, strcspn(message, "\n"), "fatal error:", 12);
}

/* Marks the lines with an error; the first line is 1. */
static int mark_errors(const char *diagnostics, bool *wrong, unsigned long lines)
{
	const char *message = diagnostics;

	while (*message) {
		unsigned long line = error_line(message);

		if (is_fatal(message))
			return -EBADMSG;
		if (line <= lines)
			wrong[line] = true;
		message += strcspn(message, "\n");
		message += *message == '\n';
	}
	return 0;
}

int feature_tests_read_diagnostics(const char *diagnostics,
				   const struct feature_test *feature_tests, bool *kernel_has)
{
	unsigned long lines = 1, line = 1;
	bool *wrong;
	size_t i;
	int err;

	for (i = 0; feature_tests[i].define; i++) {
		kernel_has[i] = false;
		lines += line_count(&feature_tests[i]);
	}
	wrong = calloc(lines + 1, sizeof(*wrong));
	if (!wrong)
		return -ENOMEM;
	err = mark_errors(diagnostics, wrong, lines);
	if (!err && !wrong[lines])
		err = -EBADMSG;
	for (i = 0; feature_tests[i].define && !err; i++) {
		unsigned long end = line + line_count(&feature_tests[i]);

		for (; line < end; line++)
			kernel_has[i] |= !wrong[line];
	}
	free(wrong);
	return err;
}
