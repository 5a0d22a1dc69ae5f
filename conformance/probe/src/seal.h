/* Seals on the lines of a record: each is a keyed hash of the line and of the seal before it (BLAKE2b, RFC 7693). */

#ifndef SEAL_H
#define SEAL_H

#include <stddef.h>

#define KEY_BYTES 32
#define SEAL_BYTES 16

struct seal {
    unsigned char bytes[SEAL_BYTES];
};

/* The seal of a line that follows the line with another one; the first of a chain follows zeros. */
struct seal seal_of(const unsigned char key[KEY_BYTES], const struct seal *before, const char *line, size_t length);

#endif
