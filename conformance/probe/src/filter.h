/* The filter that lets the tracer see some system calls before they are made: ptrace, connect, and sendto an address. */

#ifndef FILTER_H
#define FILTER_H

/* Install it for this process and all that come of it; returns 0 or errno. */
int filter_calls(void);

#endif
