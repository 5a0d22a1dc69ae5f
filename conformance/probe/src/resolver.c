/* The name server of a network of hosts: answers for the names of its plan, and writes down who asked for what.
 *
 *     name NAME ADDRESS [MS [QUERIES [REFUSAL]]]
 *
 * A name is answered once MS milliseconds have passed since the start and the client has asked for it more than
 * QUERIES times; before that the client gets the REFUSAL: `nxdomain`, `servfail`, or `silence`. Every other name does
 * not exist. There are answers of type A for the names and of type PTR for their addresses, and nobody else is asked.
 *
 *     refuse
 *
 * Each line of stdin is the address of a host that has ended, for which it answers from then on; see refusal.h.
 */

#include "resolver.h"

#include "dns.h"
#include "probe.h"
#include "interface.h"
#include "record.h"
#include "refusal.h"
#include "server.h"
#include "words.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BROKEN 125

#define PORT 53

/* A job has at most 100 hosts (API model). All clients past the last are counted as one. */
#define HOSTS 128
#define CLIENTS 256

enum { ASKED_A, ASKED_AAAA, COUNTED };

struct host {
    const char *text, *address_text;
    struct name name, reverse;
    struct in_addr address;
    long long after_ns;
    unsigned after_queries;
    int refusal;
    unsigned asked[CLIENTS][COUNTED];
};

static struct host hosts[HOSTS];
static int host_count;

static struct in_addr clients[CLIENTS];
static int client_count;

static long long begun_ns;

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int client_number(struct in_addr client)
{
    for (int i = 0; i < client_count; i++)
        if (clients[i].s_addr == client.s_addr)
            return i;
    if (client_count == CLIENTS)
        return CLIENTS - 1;
    clients[client_count] = client;
    return client_count++;
}

static int is_due(const struct host *host, int client)
{
    const unsigned *asked = host->asked[client];
    /* Who asks for A and AAAA at once, in either order, may believe either that there is no such name. */
    unsigned most = asked[ASKED_A] > asked[ASKED_AAAA] ? asked[ASKED_A] : asked[ASKED_AAAA];

    return now_ns() - begun_ns >= host->after_ns && (!host->after_queries || most > host->after_queries);
}

static void write_malformed(struct in_addr client, const char *transport, size_t length, int code)
{
    line_begin("malformed");
    line_text("client", inet_ntoa(client));
    line_text("transport", transport);
    line_number("length", (long long)length);
    if (code == SILENCE)
        line_null("code");
    else
        line_number("code", code);
    line_end();
}

static void write_query(const struct question *question, struct in_addr client, const char *transport, int code,
                        int delayed, const char *answer)
{
    char name[2 * NAME_BYTES];

    line_begin("query");
    line_text("client", inet_ntoa(client));
    line_text("transport", transport);
    line_bytes("name", name, name_text(&question->name, name));
    line_number("type", question->type);
    line_number("class", question->class);
    if (code == SILENCE)
        line_null("code");
    else
        line_number("code", code);
    line_number("delayed", delayed);
    if (answer)
        line_text("answer", answer);
    else
        line_null("answer");
    line_end();
}

/* The host whose name or whose address is asked for; NULL where there is none. */
static struct host *find_host(const struct question *question, int *by_name)
{
    for (struct host *host = hosts; host < hosts + host_count; host++) {
        *by_name = name_equal(&question->name, &host->name);
        if (*by_name || name_equal(&question->name, &host->reverse))
            return host;
    }
    return NULL;
}

static size_t reply_to(const unsigned char *message, size_t length, struct in_addr client, const char *transport,
                       unsigned char reply[REPLY_BYTES])
{
    struct question question;
    int code = read_question(message, length, &question);
    if (code != NO_ERROR) {
        write_malformed(client, transport, length, code);
        return code == SILENCE ? 0 : write_reply(message, NULL, code, reply);
    }
    int by_name, delayed = 0;
    struct host *host = find_host(&question, &by_name);
    code = NO_SUCH_NAME;
    if (host) {
        int number = client_number(client);
        if (by_name && question.type == TYPE_A)
            host->asked[number][ASKED_A]++;
        if (by_name && question.type == TYPE_AAAA)
            host->asked[number][ASKED_AAAA]++;
        delayed = !is_due(host, number);
        code = delayed ? host->refusal : NO_ERROR;
    }
    const char *answer = NULL;
    size_t used = code == SILENCE ? 0 : write_reply(message, &question, code, reply);
    if (code == NO_ERROR && question.class == CLASS_IN && question.type == (by_name ? TYPE_A : TYPE_PTR)) {
        answer = by_name ? host->address_text : host->text;
        used = by_name ? add_answer(reply, used, &question, &host->address, sizeof host->address)
                       : add_answer(reply, used, &question, host->name.bytes, host->name.length);
    }
    write_query(&question, client, transport, code, delayed, answer);
    return used;
}

static int read_host(char *line)
{
    static const char *const refusals[] = {"nxdomain", "servfail", "silence"};
    static const int codes[] = {NO_SUCH_NAME, SERVER_FAILURE, SILENCE};
    char reverse[sizeof "255.255.255.255.in-addr.arpa"];
    struct host *host = hosts + host_count;
    size_t length = 0;
    const char *verb = next_word(&line, NULL);
    const char *name = next_word(&line, &length);
    const char *address = next_word(&line, NULL);
    const char *milliseconds = next_word(&line, NULL);
    const char *queries = next_word(&line, NULL);
    const char *refusal = next_word(&line, NULL);

    if (strcmp(verb, "name") || !address || host_count == HOSTS || !name_of(name, length, &host->name) ||
        !inet_aton(address, &host->address))
        return 0;
    const unsigned char *bytes = (const unsigned char *)&host->address;
    int written = snprintf(reverse, sizeof reverse, "%d.%d.%d.%d.in-addr.arpa", bytes[3], bytes[2], bytes[1], bytes[0]);
    name_of(reverse, (size_t)written, &host->reverse);
    host->text = name;
    host->address_text = address;
    host->after_ns = milliseconds ? strtoll(milliseconds, NULL, 10) * 1000000 : 0;
    host->after_queries = queries ? (unsigned)strtoul(queries, NULL, 10) : 0;
    for (int i = 0; i < 3; i++)
        if (!strcmp(refusal ? refusal : refusals[0], refusals[i])) {
            host->refusal = codes[i];
            host_count++;
            return 1;
        }
    return 0;
}

static void read_frame(struct watched *frames)
{
    (void)frames;
    refusal_answer();
}

/* Take the addresses of hosts that have ended, of which the last line may not be whole yet. */
static void read_ended(struct watched *orders)
{
    static char lines[1024];
    static size_t filled;
    ssize_t got = read(orders->descriptor, lines + filled, sizeof lines - 1 - filled);
    char *rest = lines, *end;
    struct in_addr address;

    if (got <= 0) {
        if (!got || errno != EINTR)
            orders->descriptor = -1;
        return;
    }
    lines[filled + (size_t)got] = '\0';
    while ((end = strchr(rest, '\n'))) {
        *end = '\0';
        if (inet_aton(rest, &address))
            refusal_add(address);
        rest = end + 1;
    }
    filled = strlen(rest);
    if (filled == sizeof lines - 1)
        filled = 0; /* no address is so long */
    memmove(lines, rest, filled);
}

int answer(char *plan)
{
    struct watched watched[WATCHED] = {{-1, read_frame}, {-1, read_ended}};
    char *line;

    for (int i = 2; (line = strsep(&plan, "\n")); i++) {
        if (!strcmp(line, "refuse")) {
            watched[0].descriptor = refusal_open();
            if (watched[0].descriptor < 0) {
                fprintf(stderr, "probe: cannot answer for other addresses: %s\n", strerror(errno));
                return BROKEN;
            }
            watched[1].descriptor = STDIN_FILENO;
        } else if (*line && !read_host(line)) {
            fprintf(stderr, "probe: line %d of the plan names no host\n", i);
            return BROKEN;
        }
    }
    int number = server_open(PORT);
    if (number) {
        fprintf(stderr, "probe: port %d cannot be listened on: %s\n", PORT, strerror(number));
        return BROKEN;
    }
    capabilities_drop();
    line_begin("answering");
    line_number("names", host_count);
    line_end();
    begun_ns = now_ns();
    puts("answering");
    fflush(stdout);
    server_run(reply_to, watched);
    return 0;
}
