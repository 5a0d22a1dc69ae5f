/* The frames that come to a relay from the other end, in pieces that end anywhere. */

#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

static jmp_buf left;

/* A relay that is told what no other end says leaves. */
#define exit(status) longjmp(left, 1 + (status))
#include "../../../conformance/probe/src/relay.c"
#undef exit

static size_t at, length_of_all;
static const uint8_t *all;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    int ends[2], pair[2];
    for (size_t i = 0; i < CONNECTIONS; i++)
        connections[i].socket = -1;
    if (pipe2(ends, O_CLOEXEC) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair))
        return 0;
    int input = dup(STDIN_FILENO), output = dup(STDOUT_FILENO);
    int nothing = open("/dev/null", O_WRONLY);
    dup2(ends[0], STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    all = bytes;
    length_of_all = length < 4096 ? length : 4096;
    connections[0] = (struct connection){.socket = pair[0], .credit = WINDOW_BYTES, .held = malloc(WINDOW_BYTES)};
    if (!setjmp(left))
        for (at = 0; at < length_of_all; at += 50) {
            size_t part = length_of_all - at < 50 ? length_of_all - at : 50;
            if (write(ends[1], all + at, part) != (ssize_t)part || !read_frames())
                break;
        }
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (connections[i].socket >= 0)
            forget(connections + i);
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    close(input), close(output), close(nothing), close(ends[0]), close(ends[1]), close(pair[1]);
    return 0;
}
