/* The words of a plan's lines. */

#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

/* The next of the words of a line, which one space each parts, with its %XX escapes undone; NULL at the end. */
char *next_word(char **rest, size_t *length);

#endif
