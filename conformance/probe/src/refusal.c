#include "refusal.h"

#include "interface.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/socket.h>

#define ADDRESSES 128
#define FRAME_BYTES 2048

/* How much an error has of what it is about (RFC 792). */
#define QUOTED_BYTES 8

static int frames = -1;
static int interface;
static unsigned char own[MAC_BYTES];
static struct in_addr addresses[ADDRESSES];
static int count;

int refusal_open(void)
{
    interface = interface_find((struct in_addr){INADDR_ANY}, own);
    if (!interface) {
        errno = ENODEV;
        return -1;
    }
    /* Of no protocol until there is something to answer for. */
    frames = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return frames;
}

static int is_refused(const void *address)
{
    for (int i = 0; i < count; i++)
        if (!memcmp(addresses + i, address, sizeof *addresses))
            return 1;
    return 0;
}

void refusal_add(struct in_addr address)
{
    struct sockaddr_ll every = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = interface};
    /* Who still knows the host's own MAC sends to that, which the bridge then hands to all. */
    struct packet_mreq all = {.mr_ifindex = interface, .mr_type = PACKET_MR_PROMISC};

    if (count == ADDRESSES || is_refused(&address))
        return;
    if (!count) {
        setsockopt(frames, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all);
        bind(frames, (struct sockaddr *)&every, sizeof every);
    }
    addresses[count++] = address;
}

static unsigned long sum(const void *data, size_t length)
{
    const unsigned char *bytes = data;
    unsigned long total = 0;
    for (size_t i = 0; i < length; i++)
        total += i % 2 ? bytes[i] : (unsigned long)bytes[i] << 8;
    return total;
}

static unsigned short checksum(unsigned long total)
{
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return htons((unsigned short)~total);
}

/* Send a packet back to where a frame came from, as from the address that the frame was for. */
static void send_back(const struct ether_header *frame, const struct iphdr *packet, int protocol, const void *content,
                      size_t length)
{
    unsigned char reply[FRAME_BYTES];
    struct ether_header outer = {.ether_type = htons(ETHERTYPE_IP)};
    struct iphdr inner = {
        .version = 4,
        .ihl = sizeof inner / 4,
        .tot_len = htons((unsigned short)(sizeof inner + length)),
        .ttl = IPDEFTTL,
        .protocol = (unsigned char)protocol,
        .saddr = packet->daddr,
        .daddr = packet->saddr,
    };

    memcpy(outer.ether_dhost, frame->ether_shost, MAC_BYTES);
    memcpy(outer.ether_shost, frame->ether_dhost, MAC_BYTES);
    inner.check = checksum(sum(&inner, sizeof inner));
    memcpy(reply, &outer, sizeof outer);
    memcpy(reply + sizeof outer, &inner, sizeof inner);
    memcpy(reply + sizeof outer + sizeof inner, content, length);
    /* Who gets none asks again. */
    send(frames, reply, sizeof outer + sizeof inner + length, 0);
}

static void answer_arp(const struct ether_header *frame, const unsigned char *data, size_t length)
{
    unsigned char reply[sizeof(struct ether_header) + sizeof(struct ether_arp)];
    struct ether_header outer = {.ether_type = htons(ETHERTYPE_ARP)};
    struct ether_arp asked, answered;

    if (length < sizeof asked)
        return;
    memcpy(&asked, data, sizeof asked);
    if (asked.arp_op != htons(ARPOP_REQUEST) || !is_refused(asked.arp_tpa))
        return;
    answered = asked;
    answered.arp_op = htons(ARPOP_REPLY);
    memcpy(answered.arp_sha, own, MAC_BYTES);
    memcpy(answered.arp_spa, asked.arp_tpa, sizeof asked.arp_tpa);
    memcpy(answered.arp_tha, asked.arp_sha, MAC_BYTES);
    memcpy(answered.arp_tpa, asked.arp_spa, sizeof asked.arp_spa);
    memcpy(outer.ether_dhost, frame->ether_shost, MAC_BYTES);
    memcpy(outer.ether_shost, own, MAC_BYTES);
    memcpy(reply, &outer, sizeof outer);
    memcpy(reply + sizeof outer, &answered, sizeof answered);
    send(frames, reply, sizeof reply, 0);
}

/* RFC 9293, 3.10.7.1: what arrives where there is no connection is answered by a reset, but for a reset. */
static void reset(const struct ether_header *frame, const struct iphdr *packet, const unsigned char *data,
                  size_t captured, size_t length)
{
    struct tcphdr segment, reply = {.doff = sizeof reply / 4, .rst = 1};
    struct {
        in_addr_t from, to;
        unsigned short protocol, length;
    } around = {packet->daddr, packet->saddr, htons(IPPROTO_TCP), htons(sizeof reply)};

    if (captured < sizeof segment)
        return;
    memcpy(&segment, data, sizeof segment);
    size_t header = segment.doff * 4U;
    if (segment.rst || header > length)
        return;
    reply.source = segment.dest;
    reply.dest = segment.source;
    if (segment.ack) {
        reply.seq = segment.ack_seq;
    } else {
        reply.ack = 1;
        reply.ack_seq = htonl(ntohl(segment.seq) + (unsigned)(length - header) + segment.syn + segment.fin);
    }
    reply.check = checksum(sum(&around, sizeof around) + sum(&reply, sizeof reply));
    send_back(frame, packet, IPPROTO_TCP, &reply, sizeof reply);
}

/* No such port (RFC 1122, 3.2.2.1), with the beginning of the datagram. */
static void unreachable(const struct ether_header *frame, const struct iphdr *packet, const unsigned char *data,
                        size_t captured)
{
    unsigned char said[sizeof(struct icmphdr) + sizeof *packet + QUOTED_BYTES] = {ICMP_DEST_UNREACH, ICMP_PORT_UNREACH};

    if (captured < QUOTED_BYTES)
        return;
    memcpy(said + sizeof(struct icmphdr), packet, sizeof *packet);
    memcpy(said + sizeof(struct icmphdr) + sizeof *packet, data, QUOTED_BYTES);
    unsigned short check = checksum(sum(said, sizeof said));
    memcpy(said + 2, &check, sizeof check);
    send_back(frame, packet, IPPROTO_ICMP, said, sizeof said);
}

static void echo(const struct ether_header *frame, const struct iphdr *packet, const unsigned char *data,
                 size_t captured, size_t length)
{
    unsigned char said[FRAME_BYTES];

    if (captured < length || length < sizeof(struct icmphdr) || data[0] != ICMP_ECHO ||
        length > sizeof said - sizeof *frame - sizeof *packet)
        return;
    memcpy(said, data, length);
    memset(said, 0, 4);
    unsigned short check = checksum(sum(said, length));
    memcpy(said + 2, &check, sizeof check);
    send_back(frame, packet, IPPROTO_ICMP, said, length);
}

static void answer_packet(const struct ether_header *frame, const unsigned char *data, size_t captured)
{
    struct iphdr packet;

    if (captured < sizeof packet)
        return;
    memcpy(&packet, data, sizeof packet);
    size_t header = packet.ihl * 4U, whole = ntohs(packet.tot_len);
    if (packet.version != 4 || header < sizeof packet || header > captured || whole < header ||
        ntohs(packet.frag_off) & IP_OFFMASK || !is_refused(&packet.daddr))
        return;
    data += header;
    captured -= header;
    size_t length = whole - header;
    if (captured > length)
        captured = length; /* a short frame is filled up */
    if (packet.protocol == IPPROTO_TCP)
        reset(frame, &packet, data, captured, length);
    else if (packet.protocol == IPPROTO_UDP)
        unreachable(frame, &packet, data, captured);
    else if (packet.protocol == IPPROTO_ICMP)
        echo(frame, &packet, data, captured, length);
}

void refusal_answer(void)
{
    static unsigned char bytes[FRAME_BYTES];
    struct ether_header frame;
    struct sockaddr_ll from;
    socklen_t size = sizeof from;
    ssize_t got = recvfrom(frames, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);

    if (got < (ssize_t)sizeof frame || from.sll_pkttype == PACKET_OUTGOING)
        return;
    memcpy(&frame, bytes, sizeof frame);
    size_t length = (size_t)got - sizeof frame;
    if (frame.ether_type == htons(ETHERTYPE_ARP))
        answer_arp(&frame, bytes + sizeof frame, length);
    else if (frame.ether_type == htons(ETHERTYPE_IP))
        answer_packet(&frame, bytes + sizeof frame, length);
}
