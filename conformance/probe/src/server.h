/* A server of datagrams and of messages over TCP, each of which follows its length in two bytes (RFC 1035, 4.2). */

#ifndef SERVER_H
#define SERVER_H

#include <netinet/in.h>
#include <stddef.h>

#define REPLY_BYTES 1024

/* Make the reply to a message; returns its length, which is 0 where there is to be none. */
typedef size_t replier(const unsigned char *message, size_t length, struct in_addr client, const char *transport,
                       unsigned char reply[REPLY_BYTES]);

/* Listen on a port, over UDP and TCP; returns 0 or errno. */
int server_open(int port);

/* What else is waited for: a descriptor, and what is to be done when it can be read; it may become -1. */
struct watched {
    int descriptor;
    void (*is_ready)(struct watched *watched);
};

#define WATCHED 2

/* Reply to whatever comes, until the process is killed. */
void server_run(replier *reply_to, struct watched watched[WATCHED]);

#endif
