/* The filter that lets the tracer see a debugger's ptrace calls before they are made. */

#ifndef FILTER_H
#define FILTER_H

/* Install it for this process and all that come of it; returns 0 or errno. */
int filter_ptrace(void);

#endif
