#include "network.h"

#include "record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_MS 2000

static const struct addrinfo IPV4 = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};

void sleep_ms(long milliseconds)
{
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) && errno == EINTR)
        continue;
}

int resolve(const char *name, long tries, long pause_ms)
{
    for (long attempt = 1; attempt <= tries; attempt++) {
        struct addrinfo *found = NULL;
        int refusal = getaddrinfo(name, NULL, &IPV4, &found);

        line_begin("resolve");
        line_text("name", name);
        line_number("attempt", attempt);
        line_text("error", refusal ? gai_strerror(refusal) : "");
        line_open("addresses", '[');
        for (struct addrinfo *each = found; !refusal && each; each = each->ai_next) {
            char text[INET_ADDRSTRLEN];
            inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)each->ai_addr)->sin_addr, text, sizeof text);
            line_text(NULL, text);
        }
        line_close(']');
        line_end();
        if (!refusal) {
            freeaddrinfo(found);
            return 1;
        }
        if (attempt < tries)
            sleep_ms(pause_ms);
    }
    return 0;
}

int listen_on(int port)
{
    int one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
        bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, SOMAXCONN))
        return errno;
    pid_t child = fork();
    if (child < 0)
        return errno;
    while (!child) {
        int connection = accept(listener, NULL, NULL);
        if (connection >= 0)
            close(connection);
    }
    close(listener);
    return 0;
}

int connect_to(const char *host, const char *port)
{
    struct addrinfo *found;
    if (getaddrinfo(host, port, &IPV4, &found))
        return EHOSTUNREACH;
    int number = 0;
    socklen_t size = sizeof number;
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection < 0)
        return errno;
    if (connect(connection, found->ai_addr, found->ai_addrlen)) {
        struct pollfd ready = {.fd = connection, .events = POLLOUT};
        number = errno;
        if (number == EINPROGRESS) {
            if (poll(&ready, 1, CONNECT_MS) == 1)
                getsockopt(connection, SOL_SOCKET, SO_ERROR, &number, &size);
            else
                number = ETIMEDOUT;
        }
    }
    close(connection);
    freeaddrinfo(found);
    return number;
}
