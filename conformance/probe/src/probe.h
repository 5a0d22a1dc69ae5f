/* What the probe can be: see probe.c. */

#ifndef PROBE_H
#define PROBE_H

#include <stddef.h>

/* Run the command that the arguments name, watched; `mapped` is for observe_mapped(). Returns the exit status where it cannot be executed. */
int trace(char **arguments, size_t limit, const char *mapped);

/* Say what was found, then do what the plan's lines say; returns the exit status. */
int stand_in(int count, char **arguments, char *plan);

/* Replace this process by a command, found as a container runtime finds it; returns errno. */
int execute(char **command);

#endif
