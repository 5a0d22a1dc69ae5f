/* The name server, of which every host may ask anything, over UDP and, in a stream that ends anywhere, over TCP. */

#include "../../../conformance/probe/src/server.c"
#include "../../../conformance/probe/src/resolver.c"

#include <stdint.h>

static void set_up(void)
{
    static char plan[] = "name algo-1 198.18.0.11 0 1\nname algo-2 198.18.0.12 0 0 servfail\nname a.b 10.0.0.1";
    char *rest = plan, *line;
    while ((line = strsep(&rest, "\n")))
        if (!read_host(line))
            __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct connection connection = {.socket = -1};
    unsigned char reply[REPLY_BYTES];
    struct in_addr client = {0};
    ssize_t taken;

    if (!host_count)
        set_up();
    if (length) /* so that who asks varies */
        client.s_addr = bytes[length - 1];
    /* A copy of its own, so that what is read past its end is noticed. */
    unsigned char *message = malloc(length ? length : 1);
    memcpy(message, bytes, length);
    if (reply_to(message, length, client, "udp", reply) > sizeof reply)
        __builtin_trap();
    free(message);
    connection.length = 0;
    while (length) {
        size_t room = sizeof connection.bytes - connection.length;
        size_t part = length < room ? length : room;
        if (!part)
            break;
        memcpy(connection.bytes + connection.length, bytes, part);
        connection.length += part;
        bytes += part;
        length -= part;
        while ((taken = answer_first(&connection, reply_to)) > 0) {
            connection.length -= (size_t)taken;
            memmove(connection.bytes, connection.bytes + taken, connection.length);
        }
        if (taken < 0)
            break;
    }
    return 0;
}
