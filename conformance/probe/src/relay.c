#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 1024
#define WINDOW_BYTES ((size_t)256 << 10)
#define PIECE_BYTES ((size_t)64 << 10)
#define HEADER_BYTES 9
#define BROKEN 125

enum kind { OPEN, DATA, END, CLOSE, CREDIT };

/* A connection of a program; its number is its place in the table. `held` is what the program has not read yet. */
struct connection {
    size_t credit;       /* how much may be sent to the other end */
    unsigned char *held;
    size_t from, length; /* the part of `held`, a ring, that is filled */
    int socket;
    int has_ended;      /* nothing more comes from the other end */
    int has_sent_all;   /* nothing more comes from the program */
    int is_closed;      /* here; what the other end sent before it knew may still be on its way */
};

static struct connection connections[CONNECTIONS];
static unsigned char piece[HEADER_BYTES + PIECE_BYTES];

static void put_number(unsigned char *to, size_t number)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(number >> (24 - 8 * i));
}

static size_t number_at(const unsigned char *from)
{
    return (size_t)from[0] << 24 | (size_t)from[1] << 16 | (size_t)from[2] << 8 | from[3];
}

/* Write a frame whose data, if any, lies behind the room for its header; who reads it never waits for the writer. */
static void send_frame(unsigned char *frame, size_t number, enum kind kind, size_t value)
{
    size_t length = HEADER_BYTES + (kind == DATA ? value : 0);
    put_number(frame, number);
    frame[4] = (unsigned char)kind;
    put_number(frame + 5, value);
    while (length) {
        ssize_t written = write(STDOUT_FILENO, frame, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            exit(0); /* the other end is gone */
        frame += written;
        length -= (size_t)written;
    }
}

static void tell(size_t number, enum kind kind, size_t value)
{
    unsigned char header[HEADER_BYTES];
    send_frame(header, number, kind, value);
}

static void forget(struct connection *connection)
{
    close(connection->socket);
    free(connection->held);
    *connection = (struct connection){.socket = -1};
}

static void close_connection(size_t number)
{
    forget(connections + number);
    connections[number].is_closed = 1;
    tell(number, CLOSE, 0);
}

static void accept_connection(int listener)
{
    int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    size_t number = 0;

    if (accepted < 0)
        return;
    while (number < CONNECTIONS && (connections[number].socket >= 0 || connections[number].is_closed))
        number++;
    unsigned char *held = number < CONNECTIONS ? malloc(WINDOW_BYTES) : NULL;
    if (!held) {
        close(accepted);
        return;
    }
    connections[number] = (struct connection){.socket = accepted, .credit = WINDOW_BYTES, .held = held};
    tell(number, OPEN, 0);
}

/* What the program sends goes on at once; where the other end may hold no more, it is left in the kernel. */
static void read_connection(size_t number)
{
    struct connection *connection = connections + number;
    size_t room = connection->credit < PIECE_BYTES ? connection->credit : PIECE_BYTES;
    ssize_t got = read(connection->socket, piece + HEADER_BYTES, room);

    if (got > 0) {
        connection->credit -= (size_t)got;
        send_frame(piece, number, DATA, (size_t)got);
    } else if (!got) {
        connection->has_sent_all = 1;
        tell(number, END, 0);
        if (connection->has_ended && !connection->length)
            close_connection(number);
    } else if (errno != EAGAIN && errno != EINTR) {
        close_connection(number);
    }
}

/* Give the program what it can take of what is held for it. */
static void write_connection(size_t number)
{
    struct connection *connection = connections + number;
    size_t straight = WINDOW_BYTES - connection->from;
    size_t length = connection->length < straight ? connection->length : straight;

    if (length) {
        ssize_t written = send(connection->socket, connection->held + connection->from, length, MSG_NOSIGNAL);
        if (written < 0) {
            if (errno != EAGAIN && errno != EINTR)
                close_connection(number);
            return;
        }
        connection->from = (connection->from + (size_t)written) % WINDOW_BYTES;
        connection->length -= (size_t)written;
        tell(number, CREDIT, (size_t)written);
    }
    if (connection->length || !connection->has_ended)
        return;
    if (connection->has_sent_all)
        close_connection(number);
    else
        shutdown(connection->socket, SHUT_WR);
}

static void hold(size_t number, const unsigned char *data, size_t length)
{
    struct connection *connection = connections + number;
    if (length > WINDOW_BYTES - connection->length)
        exit(BROKEN); /* no end that keeps to the credit sends so much */
    for (size_t i = 0; i < length;) {
        size_t at = (connection->from + connection->length) % WINDOW_BYTES;
        size_t part = WINDOW_BYTES - at < length - i ? WINDOW_BYTES - at : length - i;
        memcpy(connection->held + at, data + i, part);
        connection->length += part;
        i += part;
    }
    write_connection(number);
}

/* Do what one frame says; what has been closed on this side meanwhile is passed over. */
static void take(const unsigned char *frame)
{
    size_t number = number_at(frame);
    size_t value = number_at(frame + 5);

    if (number < CONNECTIONS && frame[4] == CLOSE) {
        if (connections[number].socket >= 0)
            close_connection(number);
        connections[number].is_closed = 0;
    }
    if (number >= CONNECTIONS || connections[number].socket < 0)
        return;
    switch ((enum kind)frame[4]) {
    case DATA:
        hold(number, frame + HEADER_BYTES, value);
        break;
    case END:
        connections[number].has_ended = 1;
        write_connection(number);
        break;
    case CREDIT:
        connections[number].credit += value;
        break;
    case CLOSE:
    case OPEN:
        break;
    }
}

/* Read what the other end has sent, and do what the whole frames in it say; 0 where it has ended. */
static int read_frames(void)
{
    static unsigned char frames[2 * (HEADER_BYTES + PIECE_BYTES)];
    static size_t filled;
    ssize_t got = read(STDIN_FILENO, frames + filled, sizeof frames - filled);
    size_t from = 0;

    if (got <= 0)
        return got < 0 && errno == EINTR;
    filled += (size_t)got;
    while (filled - from >= HEADER_BYTES) {
        size_t length = HEADER_BYTES + (frames[from + 4] == DATA ? number_at(frames + from + 5) : 0);
        if (length > HEADER_BYTES + PIECE_BYTES)
            exit(BROKEN);
        if (filled - from < length)
            break;
        take(frames + from);
        from += length;
    }
    memmove(frames, frames + from, filled - from);
    filled -= from;
    return 1;
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((unsigned short)port),
        .sin_addr = {htonl(INADDR_LOOPBACK)},
    };
}

static short wanted(const struct connection *connection)
{
    int reads = connection->credit && !connection->has_sent_all;
    return (short)((reads ? POLLIN : 0) | (connection->length ? POLLOUT : 0));
}

static void serve(size_t number, short events)
{
    const struct connection *connection = connections + number;
    if (events & POLLOUT)
        write_connection(number);
    if (connection->socket >= 0 && events & (POLLHUP | POLLERR) && (connection->has_sent_all || !connection->credit))
        close_connection(number);
    else if (connection->socket >= 0 && events & (POLLIN | POLLHUP | POLLERR))
        read_connection(number);
}

int relay(int port)
{
    static struct pollfd ready[2 + CONNECTIONS];
    int one = 1;
    struct sockaddr_in address = loopback(port);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    for (size_t i = 0; i < CONNECTIONS; i++)
        connections[i].socket = -1;
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
        bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, CONNECTIONS)) {
        fprintf(stderr, "probe: cannot listen at port %d: %s\n", port, strerror(errno));
        return BROKEN;
    }
    ready[0] = (struct pollfd){STDIN_FILENO, POLLIN, 0};
    ready[1] = (struct pollfd){listener, POLLIN, 0};
    for (;;) {
        for (size_t i = 0; i < CONNECTIONS; i++)
            ready[2 + i] = (struct pollfd){connections[i].socket, wanted(connections + i), 0};
        if (poll(ready, 2 + CONNECTIONS, -1) < 0)
            continue;
        for (size_t i = 0; i < CONNECTIONS; i++)
            if (ready[2 + i].revents && connections[i].socket == ready[2 + i].fd)
                serve(i, ready[2 + i].revents);
        if (ready[0].revents && !read_frames())
            return 0;
        if (ready[1].revents)
            accept_connection(listener);
    }
}

/* One attempt; 0 or an errno. */
static int ask(int port, const char *path)
{
    char request[512], byte;
    struct sockaddr_in address = loopback(port);
    int asking = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\n\r\n", path);
    int number = 0;

    if (asking < 0)
        return errno;
    if (connect(asking, (struct sockaddr *)&address, sizeof address) ||
        send(asking, request, (size_t)length, MSG_NOSIGNAL) != length)
        number = errno;
    else if (read(asking, &byte, 1) != 1)
        number = ECONNRESET;
    close(asking);
    return number;
}

int await(int port, const char *path, int seconds)
{
    const struct timespec pause = {0, 2000000};
    struct timespec now, begun;
    int number;

    clock_gettime(CLOCK_MONOTONIC, &begun);
    while ((number = ask(port, path))) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - begun.tv_sec >= seconds)
            break;
        nanosleep(&pause, NULL);
    }
    return number;
}
