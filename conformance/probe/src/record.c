#include "record.h"

#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* It is copied while process 1 waits for its end. */
#define HANDED_OVER_BYTES (1 << 20)

static int descriptor = -1;
static size_t left;
static int cut;

/* The key, where lines are sealed, and the seal of the line before. */
static int sealed;
static unsigned char key[KEY_BYTES];
static struct seal before;

/* The line that is being made. */
static char *line;
static size_t used, room;
static int overflown, separator;

int record_open(const char *path, size_t limit)
{
    descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
    left = limit;
    return descriptor < 0 ? -1 : 0;
}

int record_descriptor(void)
{
    return descriptor;
}

void record_take_key(void)
{
    int file = open(KEY_PATH, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
    if (file < 0)
        return;
    sealed = read(file, key, KEY_BYTES) == KEY_BYTES && !ftruncate(file, 0);
    close(file);
}

/* Append a file to another one; 0 where not all of it could be read or written. */
static int append(int to, const char *path)
{
    char bytes[1 << 14];
    ssize_t got;
    int from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);

    if (from < 0)
        return errno == ENOENT;
    while ((got = read(from, bytes, sizeof bytes)) > 0)
        if (write(to, bytes, (size_t)got) != got)
            got = -1;
    close(from);
    return !got;
}

void record_hand_over(void)
{
    struct stat record;
    char first[32];

    if (stat(RECORD_PATH, &record) || record.st_size > HANDED_OVER_BYTES)
        return;
    int to = open(HANDED_OVER_PATH, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0)
        return;
    int length = snprintf(first, sizeof first, "%lld\n", (long long)record.st_size);
    if (write(to, first, (size_t)length) != length || !append(to, RECORD_PATH) || !append(to, WITNESS_PATH))
        unlink(HANDED_OVER_PATH);
    close(to);
}

int record_is_sealed(void)
{
    return sealed;
}

static void add(const char *bytes, size_t length)
{
    if (used + length > room) {
        size_t wanted = (used + length) * 2 + 4096;
        char *larger = realloc(line, wanted);
        if (!larger) {
            overflown = 1;
            return;
        }
        line = larger;
        room = wanted;
    }
    memcpy(line + used, bytes, length);
    used += length;
}

static void add_text(const char *text)
{
    add(text, strlen(text));
}

static void add_quoted(const char *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";

    add("\"", 1);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte == '"' || byte == '\\') {
            char escaped[2] = {'\\', (char)byte};
            add(escaped, 2);
        } else if (byte < 0x20 || byte > 0x7e) {
            char escaped[6] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
            add(escaped, 6);
        } else {
            add(bytes + i, 1);
        }
    }
    add("\"", 1);
}

/* The comma before a field, and its name where it has one. */
static void add_key(const char *key)
{
    if (separator)
        add(",", 1);
    separator = 1;
    if (key) {
        add_quoted(key, strlen(key));
        add(":", 1);
    }
}

static long long nanoseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

void line_begin(const char *event)
{
    used = 0;
    overflown = 0;
    separator = 0;
    line_open(NULL, '{');
    line_text("event", event);
    line_number("time_ns", nanoseconds(CLOCK_REALTIME));
    line_number("monotonic_ns", nanoseconds(CLOCK_MONOTONIC));
}

void line_number(const char *key, long long value)
{
    char digits[32];
    add_key(key);
    snprintf(digits, sizeof digits, "%lld", value);
    add_text(digits);
}

void line_text(const char *key, const char *text)
{
    line_bytes(key, text, strlen(text));
}

void line_bytes(const char *key, const char *bytes, size_t length)
{
    add_key(key);
    add_quoted(bytes, length);
}

void line_null(const char *key)
{
    add_key(key);
    add_text("null");
}

void line_error(int number)
{
    line_number("errno", number);
    line_text("error", number ? strerror(number) : "");
}

void line_open(const char *key, char bracket)
{
    add_key(key);
    add(&bracket, 1);
    separator = 0;
}

void line_close(char bracket)
{
    add(&bracket, 1);
    separator = 1;
}

#define END_BYTES (sizeof ",\"seal\":\"\"}\n" - 1 + (size_t)2 * SEAL_BYTES)

/* Whether all bytes could be written; a part of a line is left where the disk is full, and the reader sees it. */
static int write_line(void)
{
    static const char digits[] = "0123456789abcdef";

    if (sealed) {
        char text[2 * SEAL_BYTES + 1] = {0};
        before = seal_of(key, &before, line, used);
        for (size_t i = 0; i < SEAL_BYTES; i++) {
            text[2 * i] = digits[before.bytes[i] >> 4];
            text[2 * i + 1] = digits[before.bytes[i] & 15];
        }
        line_text("seal", text);
    }
    add("}\n", 2);
    return write(descriptor, line, used) == (ssize_t)used;
}

void line_end(void)
{
    if (descriptor < 0 || cut)
        return;
    if (!overflown && used + END_BYTES <= left) {
        left -= used + END_BYTES;
        if (write_line())
            return;
    }
    cut = 1;
    line_begin("cut");
    write_line();
}

const char *read_file(const char *path, size_t limit, size_t *length)
{
    static char *content;
    static size_t size;

    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0)
        return NULL;
    *length = 0;
    for (;;) {
        if (*length == size) {
            char *larger = realloc(content, size * 2 + 4096);
            if (!larger)
                break;
            content = larger;
            size = size * 2 + 4096;
        }
        ssize_t got = read(file, content + *length, size - *length);
        if (got < 0) {
            int number = errno;
            close(file);
            errno = number;
            return NULL;
        }
        *length += (size_t)got;
        if (!got || *length >= limit)
            break;
    }
    close(file);
    return content;
}

void line_link(const char *key, const char *path)
{
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target);
    if (length < 0)
        line_null(key);
    else
        line_bytes(key, target, (size_t)length);
}
