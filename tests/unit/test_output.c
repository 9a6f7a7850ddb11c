// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "output/output.h"
#include "support.h"

/* ---- escaping ---- */

static char *escape(const void *text, size_t size, size_t *columns)
{
	struct buffer buffer = {};

	*columns = escape_append(&buffer, text, size);
	return buffer_take_string(&buffer);
}

static void assert_escaped(const char *text, const char *expected, size_t expected_columns)
{
	size_t columns;
	char *escaped = escape(text, strlen(text), &columns);

	assert_string_equal(escaped, expected);
	assert_int_equal(columns, expected_columns);
	free(escaped);
}

static void every_single_byte(void **state)
{
	unsigned char byte = 0;
	char expected[8], *escaped;
	size_t columns;

	(void)state;
	do {
		if (byte == '\\')
			strcpy(expected, "\\\\");
		else if (byte >= ' ' && byte <= '~')
			snprintf(expected, sizeof(expected), "%c", byte);
		else
			snprintf(expected, sizeof(expected), "\\%o%o%o", byte >> 6, byte >> 3 & 7,
				 byte & 7);
		escaped = escape(&byte, 1, &columns);
		assert_string_equal(escaped, expected);
		assert_int_equal(columns, strlen(expected));
		free(escaped);
	} while (++byte);
}

static void readable_text_stays(void **state)
{
	(void)state;
	assert_escaped("", "", 0);
	assert_escaped("plain 'text' \"$x\" ~", "plain 'text' \"$x\" ~", 19);
	assert_escaped("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", 4);
	assert_escaped("\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac", 2);
	assert_escaped("\xf0\x9f\x98\x80!", "\xf0\x9f\x98\x80!", 2);
	assert_escaped("\xc2\xa0", "\xc2\xa0", 1);
	assert_escaped("\xef\xbf\xbd", "\xef\xbf\xbd", 1);
}

static void a_word_stays_one(void **state)
{
	struct buffer buffer = {};
	size_t columns;
	char *word;

	(void)state;
	/* Of the spaces: ASCII's, no-break, ideographic. A mark has nothing to stand on behind one.
	 */
	columns = escape_append_word(&buffer, "a b\xc2\xa0\xe3\x80\x80\xcc\x81\\\033\xc3\xbc", 14);
	word = buffer_take_string(&buffer);
	assert_string_equal(word, "a\\040b\\302\\240\\343\\200\\200\\314\\201\\\\\\033\xc3\xbc");
	assert_int_equal(columns, 1 + 4 + 1 + 8 + 12 + 8 + 2 + 4 + 1);
	free(word);
}

static void a_terminal_is_not_driven(void **state)
{
	(void)state;
	assert_escaped("a\033[2Jb", "a\\033[2Jb", 9);
	assert_escaped("line\nforged", "line\\012forged", 14);
	assert_escaped("\r\t\a\177", "\\015\\011\\007\\177", 16);
	/* A backslash in the text differs from an escape. */
	assert_escaped("\\033", "\\\\033", 5);
	/* C1 controls in UTF-8: CSI, OSC, NEL, the first and the last */
	assert_escaped("\xc2\x9b"
		       "2J",
		       "\\302\\2332J", 10);
	assert_escaped("\xc2\x9d", "\\302\\235", 8);
	assert_escaped("\xc2\x85", "\\302\\205", 8);
	assert_escaped("\xc2\x80\xc2\x9f", "\\302\\200\\302\\237", 16);
}

static size_t encode(uint32_t c, char text[5])
{
	size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

	for (i = length; i-- > 1; c >>= 6)
		text[i] = (char)(0x80 | (c & 0x3f));
	text[0] = (char)(length == 1 ? c : (0xf00U >> length & 0xf0) | c);
	text[length] = '\0';
	return length;
}

/* Behind a letter, on which a mark can stand. */
static void assert_shown(uint32_t c, bool is_shown)
{
	char text[6] = "a", expected[24] = "a";
	size_t length = encode(c, text + 1), i;

	for (i = 1; i <= length; i++)
		snprintf(expected + 4 * i - 3, 5, "\\%03o", (unsigned char)text[i]);
	assert_escaped(text, is_shown ? text : expected, is_shown ? 2 : 1 + 4 * length);
}

static void what_is_not_seen_is_escaped(void **state)
{
	static const uint32_t bad[] = {
		0x7f,	 0x9f,	  0xad,	   0x34f,   0x61c,   0x115f,  0x1160,  0x17b4,
		0x180b,	 0x180e,  0x200b,  0x200c,  0x200d,  0x200e,  0x200f,  0x2028,
		0x2029,	 0x202a,  0x202e,  0x2060,  0x2064,  0x2065,  0x2069,  0x206f,
		0x2800,	 0x3164,  0xfe00,  0xfe0f,  0xfeff,  0xffa0,  0xfff9,  0xfffb,
		0x1bca0, 0x1d173, 0xe0001, 0xe007f, 0xe0100, 0xe01ef, 0xe0fff,
	};
	static const uint32_t good[] = {
		0xa0,	0xac,	0xae,	0x300,	0x34e,	 0x350,	  0x36f,   0x61b,
		0x61d,	0x115e, 0x1161, 0x180a, 0x1810,	 0x200a,  0x2010,  0x2027,
		0x202f, 0x205f, 0x2070, 0x20dd, 0x27ff,	 0x2801,  0x3163,  0xfdff,
		0xfe10, 0xfefe, 0xff01, 0xfffc, 0x1f600, 0xdffff, 0xe1000,
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_shown(bad[i], false);
	for (i = 0; i < ARRAY_SIZE(good); i++)
		assert_shown(good[i], true);
}

#define ACUTE	      "\xcc\x81"
#define ESCAPED_ACUTE "\\314\\201"

static void marks_stand_on_a_character_and_do_not_hide_it(void **state)
{
	(void)state;
	assert_escaped(ACUTE "e", ESCAPED_ACUTE "e", 9);
	assert_escaped("e" ACUTE, "e" ACUTE, 2);
	assert_escaped("e" ACUTE ACUTE ACUTE, "e" ACUTE ACUTE ACUTE, 4);
	assert_escaped("e" ACUTE ACUTE ACUTE ACUTE "x" ACUTE,
		       "e" ACUTE ACUTE ACUTE ESCAPED_ACUTE "x" ACUTE, 14);
	assert_escaped("\xc3\xbc" ACUTE, "\xc3\xbc" ACUTE, 2);
	assert_escaped("a " ACUTE, "a " ESCAPED_ACUTE, 10);
	assert_escaped("\n" ACUTE, "\\012" ESCAPED_ACUTE, 12);
	assert_escaped("\\" ACUTE, "\\\\" ESCAPED_ACUTE, 10);
	assert_escaped("\xff" ACUTE, "\\377" ESCAPED_ACUTE, 12);
	assert_escaped("\xe2\x80\x8b" ACUTE, "\\342\\200\\213" ESCAPED_ACUTE, 20);
}

static void assert_json(const char *json, const char *expected)
{
	struct buffer buffer = {};
	char *text;

	escape_append_json(&buffer, json, strlen(json));
	text = buffer_take_string(&buffer);
	assert_string_equal(text, expected);
	free(text);
}

static void json_says_it_as_json_does(void **state)
{
	(void)state;
	assert_json("\"a\xe2\x80\x8b\"", "\"a\\u200b\"");
	assert_json("\"\xf3\xa0\x80\x81\"", "\"\\udb40\\udc01\"");
	assert_json("\"" ACUTE "e" ACUTE "\"", "\"\\u0301e" ACUTE "\"");
	assert_json("\"\xf0\x9f\x98\x80\"", "\"\xf0\x9f\x98\x80\"");
}

static void what_is_not_utf8_is_escaped_byte_by_byte(void **state)
{
	(void)state;
	assert_escaped("\xff\xfe", "\\377\\376", 8);
	assert_escaped("\xc3(", "\\303(", 5);
	assert_escaped("\xe2\x82", "\\342\\202", 8);
	assert_escaped("\xe2\x82\xc3\xbc", "\\342\\202\xc3\xbc", 9);
	assert_escaped("\xf0\x9f\x98", "\\360\\237\\230", 12);
	assert_escaped("\xed\xa0\x80", "\\355\\240\\200", 12);
	assert_escaped("\xc0\x9b", "\\300\\233", 8);
	assert_escaped("\xe0\x82\x9b", "\\340\\202\\233", 12);
	assert_escaped("\xf4\x90\x80\x80", "\\364\\220\\200\\200", 16);
	assert_escaped("\xe2\x80\n", "\\342\\200\\012", 12);
}

/* Any bytes become printable ASCII or UTF-8 from which they can be restored. */
static size_t unescape(const char *text, unsigned char *bytes)
{
	size_t count = 0;

	while (*text) {
		if (text[0] == '\\' && text[1] == '\\') {
			bytes[count++] = '\\';
			text += 2;
		} else if (text[0] == '\\') {
			bytes[count++] = (unsigned char)((text[1] - '0') * 64 +
							 (text[2] - '0') * 8 + text[3] - '0');
			text += 4;
		} else {
			bytes[count++] = (unsigned char)*text++;
		}
	}
	return count;
}

static void every_pair_of_bytes_can_be_had_back(void **state)
{
	unsigned char pair[2], back[64];
	char escaped_bytes[16];
	struct buffer buffer = {};
	unsigned int i;

	(void)state;
	for (i = 0; i < 65536; i++) {
		pair[0] = (unsigned char)(i >> 8);
		pair[1] = (unsigned char)i;
		buffer_reset(&buffer);
		escape_append(&buffer, pair, 2);
		assert_between(buffer.size, 2, 8);
		memcpy(escaped_bytes, buffer.data, buffer.size);
		escaped_bytes[buffer.size] = '\0';
		assert_int_equal(strlen(escaped_bytes), buffer.size);
		assert_int_equal(unescape(escaped_bytes, back), 2);
		assert_memory_equal(back, pair, 2);
	}
	buffer_free(&buffer);
}

/* ---- UTF-8 ---- */

static void the_whole_of_unicode_is_decoded(void **state)
{
	unsigned char text[4];
	uint32_t c, decoded;
	size_t length, i;

	(void)state;
	for (c = 0; c < 0x120000; c++) {
		bool valid = c < 0x110000 && (c < 0xd800 || c > 0xdfff);

		if (c < 0x80) {
			length = 1;
			text[0] = (unsigned char)c;
		} else {
			length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
			for (i = length - 1; i; i--)
				text[i] = 0x80 | (c >> 6 * (length - 1 - i) & 0x3f);
			text[0] = (unsigned char)(0xf00 >> length | c >> 6 * (length - 1));
		}
		decoded = 0xdead;
		if (utf8_decode(text, length, &decoded) != (valid ? length : 0))
			fail_msg("U+%04X", c);
		if (valid)
			assert_int_equal(decoded, c);
		/* It is invalid when cut, and the same when more follows. */
		for (i = 0; i < length; i++)
			assert_int_equal(utf8_decode(text, i, &decoded), 0);
	}
}

static void malformed_sequences_are_none(void **state)
{
	static const char *const malformed[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xfc\x84\x80\x80\x80\x80",
		"\xfe",
		"\xff",
		"\xc2 ",
		"\xc2\xc2",
		"\xe2\x82 ",
		"\xe2 \x82",
		"\xf0\x9f\x98 ",
		"\xf0\x9f\xff\x80",
		"\xc2\x7f",
		"\xc2\xc0",
	};
	uint32_t decoded;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(malformed); i++)
		assert_int_equal(utf8_decode(malformed[i], strlen(malformed[i]), &decoded), 0);
	assert_int_equal(utf8_decode("\xc3\xbc more", 7, &decoded), 2);
	assert_int_equal(decoded, 0xfc);
}

/* ---- writing ---- */

static struct output output_to(int fd)
{
	struct output output;

	output_init(&output, fd, false);
	return output;
}

static void a_batch_is_written_whole_and_once(void **state)
{
	struct output output;
	char text[32] = "";
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	output = output_to(fds[1]);
	assert_int_equal(output_flush(&output), 0);
	assert_false(is_readable(fds[0], 0));
	buffer_append_string(&output.pending, "one\ntwo\n");
	assert_int_equal(output_flush(&output), 0);
	assert_int_equal(output.pending.size, 0);
	assert_int_equal(read(fds[0], text, sizeof(text)), 8);
	assert_string_equal(text, "one\ntwo\n");
	assert_int_equal(output_flush(&output), 0);
	assert_false(is_readable(fds[0], 0));
	output_free(&output);
	close(fds[0]);
	close(fds[1]);
}

static void a_gone_reader_is_epipe(void **state)
{
	struct output output;
	int fds[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	output = output_to(fds[1]);
	close(fds[0]);
	buffer_append_string(&output.pending, "text");
	assert_int_equal(output_flush(&output), -EPIPE);
	/* Lines that can't be written are dropped. */
	assert_int_equal(output.pending.size, 0);
	output_free(&output);
	close(fds[1]);
	signal(SIGPIPE, SIG_DFL);
}

static void *write_later(void *context)
{
	usleep(100000);
	return write(*(int *)context, "", 1) == 1 ? NULL : context;
}

static void a_full_pipe_is_given_up_when_told(void **state)
{
	int fds[2], cancel[2], flags;
	struct output output;
	pthread_t teller;
	uint64_t size = 1 << 20;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pipe(cancel), 0);
	flags = fcntl(fds[1], F_GETFL);
	output = output_to(fds[1]);
	output.cancel_fd = cancel[0];
	memset(buffer_extend(&output.pending, size), 'x', size);
	assert_int_equal(pthread_create(&teller, NULL, write_later, &cancel[1]), 0);
	alarm(20);
	assert_int_equal(output_flush(&output), -ECANCELED);
	alarm(0);
	pthread_join(teller, NULL);
	/* What the pipe took is gone, the rest can still be written. */
	assert_between(output.pending.size, 1, size - 1);
	/* Other processes share the descriptor: it must still block. */
	assert_int_equal(fcntl(fds[1], F_GETFL), flags);
	output_free(&output);
	close(fds[0]);
	close(fds[1]);
	close(cancel[0]);
	close(cancel[1]);
}

static void a_deadline_ends_the_wait(void **state)
{
	struct output output;
	int fds[2], i;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	output = output_to(fds[1]);
	for (i = 0; i < 100000; i++)
		buffer_append_string(&output.pending, "a line\n");
	output.deadline = clock_now() + 50 * MILLISECOND;
	alarm(20);
	assert_int_equal(output_flush(&output), -ECANCELED);
	alarm(0);
	assert_between(output_pending_lines(&output), 1, 99999);
	assert_int_equal(output_pending_lines(&output), (output.pending.size + 6) / 7);
	output_free(&output);
	close(fds[0]);
	close(fds[1]);
}

/* systemd gives services a socket. */
static void a_socket_does_not_block_either(void **state)
{
	struct output output;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	output = output_to(fds[1]);
	memset(buffer_extend(&output.pending, 1 << 22), 'x', 1 << 22);
	output.deadline = clock_now() + 50 * MILLISECOND;
	alarm(20);
	assert_int_equal(output_flush(&output), -ECANCELED);
	alarm(0);
	output_free(&output);
	close(fds[0]);
	close(fds[1]);
}

struct slow_reader {
	int fd;
	size_t size;
	bool right;
};

static void *read_slowly(void *context)
{
	struct slow_reader *reader = context;
	char block[4096];
	ssize_t count, i;

	reader->right = true;
	while ((count = read(reader->fd, block, sizeof(block))) > 0) {
		for (i = 0; i < count; i++)
			reader->right &= block[i] == (char)((reader->size + (size_t)i) * 31 >> 3);
		reader->size += (size_t)count;
		if (reader->size % 65536 < 4096)
			usleep(500);
	}
	return NULL;
}

static void a_slow_reader_gets_everything(void **state)
{
	struct slow_reader reader = {};
	struct output output;
	pthread_t thread;
	size_t size = 1 << 20, i;
	char *data;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	output = output_to(fds[1]);
	data = buffer_extend(&output.pending, size);
	for (i = 0; i < size; i++)
		data[i] = (char)(i * 31 >> 3);
	reader.fd = fds[0];
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, &reader), 0);
	assert_int_equal(output_flush(&output), 0);
	output_free(&output);
	close(fds[1]);
	pthread_join(thread, NULL);
	assert_int_equal(reader.size, size);
	assert_true(reader.right);
	close(fds[0]);
}

static void a_full_device_is_an_error(void **state)
{
	int fd = open("/dev/full", O_WRONLY);
	struct output output = output_to(fd);

	(void)state;
	assert_true(fd >= 0);
	buffer_append_string(&output.pending, "text");
	assert_int_equal(output_flush(&output), -ENOSPC);
	output_free(&output);
	close(fd);
}

static void lost_text_is_not_silent(void **state)
{
	int fd = open("/dev/null", O_WRONLY);
	struct output output = output_to(fd);

	(void)state;
	assert_null(buffer_extend(&output.pending, SIZE_MAX / 2 + 1));
	assert_int_equal(output_flush(&output), -ENOMEM);
	buffer_append_string(&output.pending, "text");
	assert_int_equal(output_flush(&output), 0);
	output_free(&output);
	close(fd);
}

static void only_its_own_descriptor_is_closed(void **state)
{
	size_t before = count_descriptors();
	struct output output;
	int fds[2], file;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	output = output_to(fds[1]);
	output_free(&output);
	assert_true(fcntl(fds[1], F_GETFD) >= 0);
	close(fds[0]);
	close(fds[1]);
	file = open("/dev/null", O_WRONLY);
	output = output_to(file);
	output_free(&output);
	assert_true(fcntl(file, F_GETFD) >= 0);
	close(file);
	assert_int_equal(count_descriptors(), before);
}

/* ---- time ---- */

static void assert_time(int64_t offset, uint64_t time, const char *expected)
{
	struct output output = { .realtime_offset = offset };
	char text[40];

	output_format_time(&output, time, text);
	assert_string_equal(text, expected);
}

static void times_are_rfc3339_in_utc(void **state)
{
	(void)state;
	setenv("TZ", "Asia/Tokyo", 1);
	tzset();
	assert_time(0, 0, "1970-01-01T00:00:00.000000Z");
	assert_time(0, 999, "1970-01-01T00:00:00.000000Z");
	assert_time(0, 999999999, "1970-01-01T00:00:00.999999Z");
	assert_time(0, 1000000000, "1970-01-01T00:00:01.000000Z");
	/* date -u -d '2026-01-02 03:04:05' +%s */
	assert_time(1767323045LL * 1000000000, 678901234, "2026-01-02T03:04:05.678901Z");
	/* the last second of February in a leap year; the sum makes the fraction */
	assert_time(1709251199LL * 1000000000 - 5, 1000000004, "2024-02-29T23:59:59.999999Z");
	unsetenv("TZ");
	tzset();
}

static void clocks_are_local(void **state)
{
	struct output output = { .realtime_offset = 1767323045LL * 1000000000 };
	char text[16];

	(void)state;
	setenv("TZ", "XXX-5:30", 1);
	tzset();
	output_format_clock(&output, 999999999, text);
	assert_string_equal(text, "08:34:05");
	setenv("TZ", "UTC0", 1);
	tzset();
	output_format_clock(&output, 0, text);
	assert_string_equal(text, "03:04:05");
	unsetenv("TZ");
	tzset();
}

static void format_realtime(int more_seconds, char *text, size_t size)
{
	struct timespec now;

	/* Not time(), which is some milliseconds behind. */
	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += more_seconds;
	strftime(text, size, "%Y-%m-%dT%H:%M:%S", gmtime(&now.tv_sec));
}

static void the_clock_is_that_of_now(void **state)
{
	struct output output = output_to(STDOUT_FILENO);
	struct timespec monotonic;
	char text[40], before[40], after[40];

	(void)state;
	format_realtime(0, before, sizeof(before));
	output.realtime_offset = 0;
	output_sync_clock(&output);
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	output_format_time(&output,
			   (uint64_t)monotonic.tv_sec * 1000000000 + (uint64_t)monotonic.tv_nsec,
			   text);
	format_realtime(1, after, sizeof(after));
	assert_true(strcmp(before, text) <= 0);
	assert_true(strcmp(text, after) <= 0);
	output_free(&output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_single_byte),
		cmocka_unit_test(readable_text_stays),
		cmocka_unit_test(a_word_stays_one),
		cmocka_unit_test(a_terminal_is_not_driven),
		cmocka_unit_test(what_is_not_seen_is_escaped),
		cmocka_unit_test(marks_stand_on_a_character_and_do_not_hide_it),
		cmocka_unit_test(json_says_it_as_json_does),
		cmocka_unit_test(what_is_not_utf8_is_escaped_byte_by_byte),
		cmocka_unit_test(every_pair_of_bytes_can_be_had_back),
		cmocka_unit_test(the_whole_of_unicode_is_decoded),
		cmocka_unit_test(malformed_sequences_are_none),
		cmocka_unit_test(a_batch_is_written_whole_and_once),
		cmocka_unit_test(a_gone_reader_is_epipe),
		cmocka_unit_test(a_full_pipe_is_given_up_when_told),
		cmocka_unit_test(a_deadline_ends_the_wait),
		cmocka_unit_test(a_socket_does_not_block_either),
		cmocka_unit_test(a_slow_reader_gets_everything),
		cmocka_unit_test(a_full_device_is_an_error),
		cmocka_unit_test(lost_text_is_not_silent),
		cmocka_unit_test(only_its_own_descriptor_is_closed),
		cmocka_unit_test(times_are_rfc3339_in_utc),
		cmocka_unit_test(clocks_are_local),
		cmocka_unit_test(the_clock_is_that_of_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
