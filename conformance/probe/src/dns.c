#include "dns.h"

#include <string.h>

#define HEADER_BYTES 12
#define LABEL_BYTES 63

/* The bits of a header's third and fourth byte. */
#define RESPONSE 0x80
#define OPERATION 0x78
#define RECURSION_DESIRED 0x01
#define RECURSION_AVAILABLE 0x80

/* A reference to the name at the question's place. */
#define SAME_NAME (0xc000 | HEADER_BYTES)

static int lower(int byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

int name_of(const char *text, size_t length, struct name *name)
{
    size_t label = 0;

    /* The dot before each label becomes its length, and the first label gets one too. */
    if (!length || length > NAME_BYTES - 2)
        return 0;
    memcpy(name->bytes + 1, text, length);
    name->length = length + 2;
    name->bytes[length + 1] = 0;
    for (size_t i = 1; i <= length + 1; i++) {
        if (i <= length && name->bytes[i] != '.')
            continue;
        if (i - label == 1 || i - label > LABEL_BYTES + 1)
            return 0;
        name->bytes[label] = (unsigned char)(i - label - 1);
        label = i;
    }
    return 1;
}

size_t name_text(const struct name *name, char *text)
{
    char *to = text;

    for (const unsigned char *label = name->bytes; *label; label += *label + 1) {
        if (label != name->bytes)
            *to++ = '.';
        for (int i = 1; i <= *label; i++) {
            if (label[i] == '.' || label[i] == '\\')
                *to++ = '\\';
            *to++ = (char)label[i];
        }
    }
    return (size_t)(to - text);
}

int name_equal(const struct name *one, const struct name *other)
{
    if (one->length != other->length)
        return 0;
    /* No length of a label is an ASCII letter, so that the whole can be compared at once. */
    for (size_t i = 0; i < one->length; i++)
        if (lower(one->bytes[i]) != lower(other->bytes[i]))
            return 0;
    return 1;
}

/* The length of the name that these bytes begin with; 0 where there is none, or one that refers to another place. */
static size_t name_length(const unsigned char *bytes, size_t left)
{
    for (size_t at = 0; at < left && at < NAME_BYTES; at += (size_t)bytes[at] + 1) {
        if (!bytes[at])
            return at + 1;
        if (bytes[at] > LABEL_BYTES)
            return 0;
    }
    return 0;
}

static int number_at(const unsigned char *bytes)
{
    return bytes[0] << 8 | bytes[1];
}

int read_question(const unsigned char *message, size_t length, struct question *question)
{
    /* To answer a response could go on for ever. */
    if (length < HEADER_BYTES || message[2] & RESPONSE)
        return SILENCE;
    if (message[2] & OPERATION)
        return NOT_IMPLEMENTED;
    size_t name = name_length(message + HEADER_BYTES, length - HEADER_BYTES);
    /* What follows the question, EDNS for one, changes no answer. */
    if (number_at(message + 4) != 1 || !name || length < HEADER_BYTES + name + 4)
        return FORMAT_ERROR;
    memcpy(question->name.bytes, message + HEADER_BYTES, name);
    question->name.length = name;
    question->type = number_at(message + HEADER_BYTES + name);
    question->class = number_at(message + HEADER_BYTES + name + 2);
    return NO_ERROR;
}

static unsigned char *put_number(unsigned char *to, int number)
{
    *to++ = (unsigned char)(number >> 8);
    *to++ = (unsigned char)number;
    return to;
}

size_t write_reply(const unsigned char *message, const struct question *question, int code, unsigned char *reply)
{
    memset(reply, 0, HEADER_BYTES);
    memcpy(reply, message, 2);
    reply[2] = (unsigned char)(RESPONSE | (message[2] & (OPERATION | RECURSION_DESIRED)));
    /* Who asks the name server of a cloud asks for recursion, and some believe nobody who cannot offer it. */
    reply[3] = (unsigned char)(RECURSION_AVAILABLE | code);
    if (!question)
        return HEADER_BYTES;
    reply[5] = 1;
    unsigned char *to = reply + HEADER_BYTES;
    memcpy(to, question->name.bytes, question->name.length);
    to = put_number(to + question->name.length, question->type);
    to = put_number(to, question->class);
    return (size_t)(to - reply);
}

size_t add_answer(unsigned char *reply, size_t used, const struct question *question, const void *data, size_t size)
{
    unsigned char *to = reply + used;
    reply[7] = 1;
    to = put_number(to, SAME_NAME);
    to = put_number(to, question->type);
    to = put_number(to, question->class);
    to = put_number(put_number(to, 0), 0); /* for how many seconds it may be kept: every query is to be seen */
    to = put_number(to, (int)size);
    memcpy(to, data, size);
    return used + 12 + size;
}
