/* What programs try to reach outside of their container: connect, and sendto an address, of internet sockets.
 *
 * Addresses of loopback are left out, and so is 0.0.0.0, which leads there. Connecting a datagram socket sends nothing,
 * and getaddrinfo does it to sort addresses: success says no more than that there is a route.
 *
 * Each such call costs a stop, also past those that are recorded.
 *
 * Not seen: sendmsg and sendmmsg, io_uring, 32-bit programs, and a process that changed its user and has not become
 * another program since, whose memory may not be read.
 */

#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "tasks.h"

#include <sys/user.h>

/* A thread is about to make such a call: record where it leads. True where outside_ended() is to be called after it. */
int outside_begun(const struct task *task, const struct user_regs_struct *registers);

/* The call has returned: record how it went. */
void outside_ended(const struct task *task);

#endif
