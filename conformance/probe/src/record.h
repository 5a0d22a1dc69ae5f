/* The record: one JSON object a line, appended to a file that outlives the container's processes. */

#ifndef RECORD_H
#define RECORD_H

#include <stddef.h>

#define RECORD_PATH "/.conformance/record"
#define KEY_PATH "/.conformance/key"

#define HANDED_OVER_PATH "/opt/ml/.conformance"

/* What a stand-in records beside a tracer, whose record has no lines of others. */
#define WITNESS_PATH "/.conformance/witness"

/* Open a record for appending; -1 and errno where it cannot be. `limit` bounds what this process writes. */
int record_open(const char *path, size_t limit);

/* Take the key away, where one was put there: from now on each line of this process is sealed with it (seal.h), so that
 * whoever reads the record finds lines that another program wrote, changed or took away. The record is open to every
 * user of the container; the key stays in this process's memory. To be called before any other program runs. */
void record_take_key(void);
int record_is_sealed(void);

/* The descriptor, for what must write by itself: a signal handler, and a list of descriptors that leaves it out. */
int record_descriptor(void);

/* Copy the record, complete and not too long, and what a stand-in recorded beside it, to where outputs are: whoever reads
 * those needs not ask for it, too. The first line of that file is how long the record in it is, the stand-in's follows.
 * Where it cannot be made, or is there already, nothing is. */
void record_hand_over(void);

/* Begin a line of this event; every line has its wall-clock and its monotonic time in nanoseconds. */
void line_begin(const char *event);

/* Fields of the line. Text is bytes: each becomes the character of its number, so that nothing is lost. */
void line_number(const char *key, long long value);
void line_text(const char *key, const char *text);
void line_bytes(const char *key, const char *bytes, size_t length);
void line_null(const char *key);
void line_error(int number);

/* Arrays and objects: the key is NULL inside of an array. */
void line_open(const char *key, char bracket);
void line_close(char bracket);

/* Write the line, in one piece, so that lines of several processes never mix. */
void line_end(void);

/* Read a whole file, at most `limit` bytes, into memory that is reused; NULL and errno where it cannot be read. */
const char *read_file(const char *path, size_t limit, size_t *length);

/* The target of a symbolic link as a field, null where it cannot be read. */
void line_link(const char *key, const char *path);

#endif
