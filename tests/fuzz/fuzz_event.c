// SPDX-License-Identifier: Apache-2.0
/*
 * What an edited program may send as records: all that a tool does with an event, to the line.
 * Built once for each tool. The session and the reader of events are taken in as source, for what
 * they do with a record.
 */
#include "tool/session.c"
#include "trace/events.c"

#include "fuzz.h"
#include "fuzz_tool.h"

static struct settings settings;
static struct options options_in_use;
static struct session session;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int count = 0;

	(void)argc;
	(void)argv;
	while (fuzz_arguments[count])
		count++;
	settings_init(&settings);
	options_parse(&options_in_use, &settings, fuzz_tool, count, fuzz_arguments);
	session = (struct session){ .tool = fuzz_tool,
				    .options = &options_in_use,
				    .settings = &settings,
				    .output = { .sink = { .fd = -1 }, .cancel_fd = -1 } };
	return 0;
}

/* In memory of its own of just that size, so that reading too far is seen. */
static void shrink(struct buffer *buffer)
{
	char *data = buffer->size ? realloc(buffer->data, buffer->size) : NULL;

	if (!data)
		return;
	buffer->data = data;
	buffer->capacity = buffer->size;
}

/* One event of all the bytes, behind a right header, and one record as it is. */
static void take_record(const uint8_t *data, size_t size, bool is_event)
{
	struct event_header header = { .size = (uint32_t)(sizeof(header) + size) };
	struct cpu_buffer cpu = {};
	struct events events = {};
	struct event_header *event;
	struct buffer record = {};

	if (is_event)
		buffer_append(&record, &header, sizeof(header));
	buffer_append(&record, data, size);
	REQUIRE(keep_events(&events, &cpu, record.data, record.size) >= 0);
	shrink(&cpu.records);
	while ((event = first_event(&cpu))) {
		cpu.taken += KEPT_SIZE(event->size);
		handle_event(&session, event->time, event, event->size);
	}
	buffer_free(&cpu.records);
	buffer_free(&record);
}

/* Of the first byte, the low bit chooses text or JSON, the next how the rest is read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!session.tool)
		LLVMFuzzerInitialize(NULL, NULL);
	if (!size)
		return 0;
	options_in_use.json = session.output.json = data[0] & 1;
	take_record(data + 1, size - 1, data[0] & 2);
	if (fuzz_tool->finish)
		fuzz_tool->finish(&session);
	buffer_reset(&session.output.pending);
	session.losses = (struct losses){};
	return 0;
}
