/* What a process finds when it begins. */

#ifndef WITNESS_H
#define WITNESS_H

/* Write it down as one line, before anything has been changed. */
void witness(int count, char **arguments);

#endif
