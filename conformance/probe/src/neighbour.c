#include "neighbour.h"

#include "interface.h"
#include "words.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A message as rtnetlink takes it: every part of it is a multiple of four bytes but the MAC, which is the last. */
struct message {
    struct nlmsghdr header;
    struct ndmsg neighbour;
    struct rtattr of_address;
    struct in_addr address;
    struct rtattr of_mac;
    unsigned char mac[MAC_BYTES];
};

static int send_message(const struct message *message)
{
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[256];
    } reply = {0};
    int number = 0;
    int kernel = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (kernel < 0)
        return errno;
    if (send(kernel, message, message->header.nlmsg_len, 0) < 0 || recv(kernel, &reply, sizeof reply, 0) < 0)
        number = errno;
    else if (reply.header.nlmsg_type == NLMSG_ERROR)
        number = -reply.error.error;
    close(kernel);
    return number;
}

/* Read a MAC, six numbers in hexadecimal with colons in between; 0 where it is none. */
static int read_mac(const char *text, unsigned char mac[MAC_BYTES])
{
    for (int i = 0; i < MAC_BYTES; i++) {
        char *end;
        unsigned long byte = strtoul(text, &end, 16);
        if (end != text + 2 || *end != (i + 1 < MAC_BYTES ? ':' : '\0'))
            return 0;
        mac[i] = (unsigned char)byte;
        text = end + 1;
    }
    return 1;
}

int neighbour_tell(char *words)
{
    unsigned char own[MAC_BYTES];
    const char *address = next_word(&words, NULL);
    const char *mac = address ? next_word(&words, NULL) : NULL;
    struct message message = {
        .header = {
            .nlmsg_len = offsetof(struct message, mac) + MAC_BYTES,
            .nlmsg_type = RTM_NEWNEIGH,
            .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
        },
        .neighbour = {.ndm_family = AF_INET, .ndm_state = NUD_PERMANENT},
        .of_address = {RTA_LENGTH(sizeof(struct in_addr)), NDA_DST},
        .of_mac = {RTA_LENGTH(MAC_BYTES), NDA_LLADDR},
    };

    if (!mac || !inet_aton(address, &message.address) || !read_mac(mac, message.mac))
        return EINVAL;
    message.neighbour.ndm_ifindex = interface_find(message.address, own);
    return message.neighbour.ndm_ifindex ? send_message(&message) : ENODEV;
}
