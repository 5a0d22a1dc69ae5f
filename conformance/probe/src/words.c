#include "words.h"

#include <string.h>

/* What is no digit has a value too: a plan is the suite's own. */
static unsigned hexadecimal(char digit)
{
    unsigned character = (unsigned char)digit;
    return (character >= '0' && character <= '9' ? character - '0' : (character | 0x20) - 'a' + 10) & 15;
}

char *next_word(char **rest, size_t *length)
{
    char *word = *rest;
    if (!word)
        return NULL;
    char *end = strchr(word, ' ');
    *rest = end ? end + 1 : NULL;
    if (!end)
        end = word + strlen(word);
    char *to = word;
    for (char *from = word; from < end; from++) {
        if (*from == '%' && end - from > 2) {
            *to++ = (char)(hexadecimal(from[1]) << 4 | hexadecimal(from[2]));
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    if (length)
        *length = (size_t)(to - word);
    return word;
}
