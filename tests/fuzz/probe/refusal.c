/* Frames from a network of hosts, to what answers for those that have ended. */

#include "../../../conformance/probe/src/refusal.c"

#include <stdint.h>
#include <stdlib.h>

/* Bytes of their own, so that a look past their end is noticed; what is sent in answer goes nowhere. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct ether_header frame = {0};
    unsigned char *given = malloc(length);

    if (!given)
        return 0;
    memcpy(given, bytes, length);
    if (length >= 28 && bytes[0] & 1)
        memcpy(addresses, bytes + 24, sizeof *addresses); /* whom ARP asks for */
    else if (length >= 20)
        memcpy(addresses, bytes + 16, sizeof *addresses); /* whom a packet is for */
    count = 1;
    answer_arp(&frame, given, length);
    answer_packet(&frame, given, length);
    free(given);
    return 0;
}
