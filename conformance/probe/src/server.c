#include "server.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A query is hardly ever longer than 300 bytes. What a longer datagram has past this is not looked at. */
#define MESSAGE_BYTES 1024

#define CONNECTIONS 16

struct connection {
    int socket;
    struct in_addr client;
    unsigned long used; /* when it was last read from, counted in such events */
    size_t length;
    unsigned char bytes[2 + MESSAGE_BYTES];
};

static int datagrams, listener;
static struct connection connections[CONNECTIONS];
static unsigned long events;

static int open_socket(int type, int port)
{
    int one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    int opened = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (opened < 0 || setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
        bind(opened, (struct sockaddr *)&address, sizeof address))
        return -1;
    return opened;
}

int server_open(int port)
{
    for (struct connection *each = connections; each < connections + CONNECTIONS; each++)
        each->socket = -1;
    datagrams = open_socket(SOCK_DGRAM, port);
    listener = datagrams < 0 ? -1 : open_socket(SOCK_STREAM, port);
    return listener < 0 || listen(listener, CONNECTIONS) ? errno : 0;
}

static void answer_datagram(replier *reply_to)
{
    unsigned char message[MESSAGE_BYTES], reply[REPLY_BYTES];
    struct sockaddr_in client = {0};
    socklen_t size = sizeof client;
    ssize_t length = recvfrom(datagrams, message, sizeof message, 0, (struct sockaddr *)&client, &size);

    if (length < 0)
        return;
    size_t used = reply_to(message, (size_t)length, client.sin_addr, "udp", reply);
    /* Who does not get it asks again. */
    if (used)
        sendto(datagrams, reply, used, 0, (struct sockaddr *)&client, size);
}

static void accept_connection(void)
{
    struct sockaddr_in client;
    socklen_t size = sizeof client;
    int accepted = accept4(listener, (struct sockaddr *)&client, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (accepted < 0)
        return;
    /* Where all are in use, the one that was silent for longest gives way: nobody can keep others out. */
    struct connection *chosen = connections;
    for (struct connection *each = connections; each < connections + CONNECTIONS && chosen->socket >= 0; each++)
        if (each->socket < 0 || each->used < chosen->used)
            chosen = each;
    if (chosen->socket >= 0)
        close(chosen->socket);
    *chosen = (struct connection){.socket = accepted, .client = client.sin_addr, .used = ++events};
}

/* Answer the first message of what has been read, if it is complete; returns how many bytes it took, or -1. */
static ssize_t answer_first(struct connection *connection, replier *reply_to)
{
    unsigned char reply[2 + REPLY_BYTES];
    const unsigned char *bytes = connection->bytes;

    if (connection->length < 2)
        return 0;
    size_t length = (size_t)bytes[0] << 8 | bytes[1];
    if (length > MESSAGE_BYTES)
        return -1;
    if (connection->length < 2 + length)
        return 0;
    size_t used = reply_to(bytes + 2, length, connection->client, "tcp", reply + 2);
    reply[0] = (unsigned char)(used >> 8);
    reply[1] = (unsigned char)used;
    if (used && send(connection->socket, reply, 2 + used, MSG_NOSIGNAL) != (ssize_t)(2 + used))
        return -1;
    return (ssize_t)(2 + length);
}

static void read_connection(struct connection *connection, replier *reply_to)
{
    ssize_t taken = -1;
    ssize_t got = read(connection->socket, connection->bytes + connection->length,
                       sizeof connection->bytes - connection->length);

    if (got > 0) {
        connection->used = ++events;
        connection->length += (size_t)got;
        while ((taken = answer_first(connection, reply_to)) > 0) {
            connection->length -= (size_t)taken;
            memmove(connection->bytes, connection->bytes + taken, connection->length);
        }
    }
    if (taken < 0) {
        close(connection->socket);
        connection->socket = -1;
    }
}

void server_run(replier *reply_to, struct watched watched[WATCHED])
{
    struct pollfd ready[2 + CONNECTIONS + WATCHED] = {{datagrams, POLLIN, 0}, {listener, POLLIN, 0}};

    for (;;) {
        for (int i = 0; i < CONNECTIONS; i++)
            ready[2 + i] = (struct pollfd){connections[i].socket, POLLIN, 0};
        for (int i = 0; i < WATCHED; i++)
            ready[2 + CONNECTIONS + i] = (struct pollfd){watched[i].descriptor, POLLIN, 0};
        if (poll(ready, 2 + CONNECTIONS + WATCHED, -1) < 0)
            continue;
        if (ready[0].revents)
            answer_datagram(reply_to);
        for (int i = 0; i < WATCHED; i++)
            if (ready[2 + CONNECTIONS + i].revents)
                watched[i].is_ready(watched + i);
        for (int i = 0; i < CONNECTIONS; i++)
            if (ready[2 + i].revents)
                read_connection(connections + i, reply_to);
        /* Last, because it may close one of those that were ready. */
        if (ready[1].revents)
            accept_connection();
    }
}
