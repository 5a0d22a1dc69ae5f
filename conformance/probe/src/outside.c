#include "outside.h"

#include "record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

/* A program that tries again and again fills no record with it. */
#define MOST_CALLS 1000

/* The kernel's own numbers, from ERESTARTSYS to ERESTART_RESTARTBLOCK: a signal interrupted the call. */
#define FIRST_RESTART 512
#define LAST_RESTART 516

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    char bytes[sizeof(struct sockaddr_in6)];
};

/* Read a thread's memory word by word: of its own tracer the kernel asks no capability for that. */
static int read_address(pid_t id, unsigned long at, unsigned long length, union address *address)
{
    memset(address, 0, sizeof *address);
    if (length < sizeof address->four)
        return 0;
    if (length > sizeof address->bytes)
        length = sizeof address->bytes;
    for (unsigned long done = 0; done < length; done += sizeof(long)) {
        if (done > length - sizeof(long)) /* the last word overlaps: what stands behind the address may not be there */
            done = length - sizeof(long);
        errno = 0;
        long word = ptrace(PTRACE_PEEKDATA, id, at + done, 0);
        if (errno)
            return 0;
        memcpy(address->bytes + done, &word, sizeof word);
    }
    return 1;
}

/* An IPv4 address that stands in one of IPv6 is told as what it is. */
static void unmap(union address *address)
{
    if (address->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->six.sin6_addr))
        return;
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = address->six.sin6_port};
    memcpy(&four.sin_addr, address->six.sin6_addr.s6_addr + 12, sizeof four.sin_addr);
    address->four = four;
}

static int is_outside(const union address *address)
{
    if (address->any.sa_family == AF_INET) {
        in_addr_t number = ntohl(address->four.sin_addr.s_addr);
        return number && number >> 24 != 127;
    }
    return address->any.sa_family == AF_INET6 && !IN6_IS_ADDR_LOOPBACK(&address->six.sin6_addr) &&
           !IN6_IS_ADDR_UNSPECIFIED(&address->six.sin6_addr);
}

int outside_begun(const struct task *task, const struct user_regs_struct *registers)
{
    static int calls;
    int is_connect = registers->orig_rax == SYS_connect;
    union address address;
    char text[INET6_ADDRSTRLEN];

    if (calls > MOST_CALLS || !read_address(task->id, is_connect ? registers->rsi : registers->r8,
                                            is_connect ? registers->rdx : registers->r9, &address))
        return 0;
    unmap(&address);
    if (!is_outside(&address))
        return 0;
    if (++calls > MOST_CALLS) {
        line_begin("connects-left-out");
        line_end();
        return 0;
    }
    const void *number = address.any.sa_family == AF_INET ? (void *)&address.four.sin_addr : &address.six.sin6_addr;
    line_begin("connect");
    line_number("pid", task->process);
    line_number("thread", task->id);
    line_text("address", inet_ntop(address.any.sa_family, number, text, sizeof text) ? text : "");
    line_number("port", ntohs(address.four.sin_port)); /* which stands at the same place in both */
    line_end();
    return 1;
}

void outside_ended(const struct task *task)
{
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, task->id, 0, &registers))
        return;
    long long result = (long long)registers.rax;
    int number = result < 0 ? (int)-result : 0;
    line_begin("connected");
    line_number("thread", task->id);
    line_number("errno", number >= FIRST_RESTART && number <= LAST_RESTART ? EINTR : number);
    line_end();
}
