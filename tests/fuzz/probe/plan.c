/* The words of a plan, which the suite writes, and a line of the record, whatever stands in it. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../conformance/probe/src/halt.h"
#include "../../../conformance/probe/src/record.h"
#include "../../../conformance/probe/src/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static int opened;
    if (!opened) {
        record_open("/dev/null", SIZE_MAX);
        opened = 1;
    }
    char *line = malloc(length + 1), *rest = line, *word;
    memcpy(line, bytes, length);
    line[length] = '\0';
    size_t words = 0, size;
    line_begin("words");
    while ((word = next_word(&rest, &size))) {
        line_bytes(NULL, word, size);
        words++;
    }
    line_number("count", (long long)words);
    line_end();
    memcpy(line, bytes, length);
    halt_plan(line);
    halt_used("/opt/ml/processing/input/data");
    free(line);
    return 0;
}
