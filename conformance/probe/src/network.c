#include "network.h"

#include "record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

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
