/* What feeds the FIFOs of a Pipe input. */

#ifndef FEED_H
#define FEED_H

/* Feed PREFIX0, PREFIX1 and so on, in a child of its own: each gets the files 0 to `count` - 1 of a directory, one
 * after the other, and the next one is there before a reader of the last has come to its end. Returns 0 or errno. */
int feed(const char *prefix, const char *directory, long count);

/* End those children of process 1 once each has written down what was read; for when nobody is left to read. */
int end_feeding(void);

#endif
