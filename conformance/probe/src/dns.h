/* Messages of the domain name system (RFC 1035), as far as a name server of a few hosts needs them. */

#ifndef DNS_H
#define DNS_H

#include <stddef.h>

#define NAME_BYTES 255

enum { TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28, CLASS_IN = 1 };

/* Codes of a reply; SILENCE is none, but the lack of a reply. */
enum { SILENCE = -1, NO_ERROR, FORMAT_ERROR, SERVER_FAILURE, NO_SUCH_NAME, NOT_IMPLEMENTED };

/* A name as it stands in a message: each label follows its length, and the last one is empty. */
struct name {
    unsigned char bytes[NAME_BYTES];
    size_t length;
};

struct question {
    struct name name;
    int type, class;
};

/* Make a name of its text, in which dots part the labels; returns whether it is one. */
int name_of(const char *text, size_t length, struct name *name);

/* Write the text of a name, dots and backslashes within labels escaped, at most twice as long; returns its length. */
size_t name_text(const struct name *name, char *text);

/* Compare two names as RFC 4343 says, without regard to the case of ASCII letters. */
int name_equal(const struct name *one, const struct name *other);

/* Read the one question of a query; returns the code of the reply that anything else gets. */
int read_question(const unsigned char *message, size_t length, struct question *question);

/* Write a reply without an answer; returns its length. The question is NULL where it could not be read. */
size_t write_reply(const unsigned char *message, const struct question *question, int code, unsigned char *reply);

/* Add the one record that answers the question to a reply of `used` bytes; returns the new length.
 *
 * A reply has at most 537 bytes: header, name and type of the question, and a record with another name in it.
 */
size_t add_answer(unsigned char *reply, size_t used, const struct question *question, const void *data, size_t size);

#endif
