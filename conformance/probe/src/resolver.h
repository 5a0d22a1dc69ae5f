/* The name server of a network: see resolver.c. */

#ifndef RESOLVER_H
#define RESOLVER_H

#include <stddef.h>

/* Answer queries by the plan's lines until the process is killed; returns an exit status where that cannot begin. */
int answer(char *plan);

#endif
