/* The filters that let the tracer see some system calls before they are made. */

#ifndef FILTER_H
#define FILTER_H

/* Install one for this process and all that come of it: of ptrace, connect, and sendto an address. Returns 0 or errno. */
int filter_calls(void);

/* Install another one beside it: of what opens or moves a file. */
int filter_uses(void);

/* Whether a system call is one of the latter. */
int is_use(long long call);

#endif
