// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "output/who_view.h"

#define AUID_WIDTH	-6
#define TTY_WIDTH	-7
#define CONTAINER_WIDTH -12
#define CONTAINER_SHOWN 12 /* digits of an ID, as the tools of containers show it */
#define EXE_WIDTH	-24
#define SHA256_WIDTH	-64

static void add_column(struct row *row, const char *title, int width, const char *text, size_t most)
{
	if (row->mode == ROW_HEADER || !text)
		row_word(row, title, NULL, width, NULL);
	else
		row_value(row, width, text, strnlen(text, most), false);
}

static void add_columns(struct row *row, const struct who_view *view, bool has_hash)
{
	add_column(row, "AUID", AUID_WIDTH, view->auid, SIZE_MAX);
	add_column(row, "TTY", TTY_WIDTH, view->tty, SIZE_MAX);
	add_column(row, "CONTAINER", CONTAINER_WIDTH, view->container, CONTAINER_SHOWN);
	add_column(row, "EXE", EXE_WIDTH, view->exe, SIZE_MAX);
	if (has_hash)
		add_column(row, "SHA256", SHA256_WIDTH, view->sha256, SIZE_MAX);
}

void who_view_columns(struct row *row, const struct who_view *view, bool has_hash)
{
	static const struct who_view unknown;
	struct buffer *pending = &row->output->pending, last = {};
	size_t gap = row->gap;

	if (row->mode == ROW_JSON)
		return;
	buffer_append(&last, pending->data + row->last, pending->size - row->last);
	pending->size = row->last;
	row->started = false; /* what is before the last column ends with a space */
	row->gap = 0;
	add_columns(row, view ? view : &unknown, has_hash);
	row_again(row, last.data, last.size, gap);
	buffer_free(&last);
}

static void add_word(struct output *output, const char *name, const char *text, size_t most)
{
	struct row row = { .output = output, .mode = ROW_TEXT };

	buffer_printf(&output->pending, " %s=", name);
	add_column(&row, name, 0, text, most);
}

void who_view_line(struct output *output, const struct who_view *view, bool has_hash)
{
	static const struct who_view unknown;

	if (!view)
		view = &unknown;
	if (!output->pending.size)
		return;
	output->pending.size--; /* the line's end */
	add_word(output, "auid", view->auid, SIZE_MAX);
	add_word(output, "tty", view->tty, SIZE_MAX);
	add_word(output, "container", view->container, CONTAINER_SHOWN);
	add_word(output, "exe", view->exe, SIZE_MAX);
	if (has_hash)
		add_word(output, "sha256", view->sha256, SIZE_MAX);
	buffer_append(&output->pending, "\n", 1);
}

void who_view_json(struct row *row, const struct who_view *view, bool as_members)
{
	if (row->mode != ROW_JSON || !view)
		return;
	if (as_members && view->object)
		json_object_set(row->object, "who", view->object);
	if (as_members)
		return;
	row->last_member = view->json;
	row->last_member_size = view->json_size;
}
