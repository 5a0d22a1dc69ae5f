/* A relay: what listens on the container's loopback is answered by whoever holds the other end of stdin and stdout.
 *
 * Every connection has a number, and what happens to it goes through the two streams in frames: nine bytes of a header
 * (number and length as four bytes each, the most significant first, between them the kind) and as many bytes of data as
 * the length of DATA says.
 *
 *     OPEN    a program has connected; from the container only
 *     DATA    bytes of the connection
 *     END     no more bytes come this way
 *     CLOSE   the connection is over; once both ends have said so, its number is free for another one
 *     CREDIT  the length is how many more bytes may be sent this way: nobody sends what the other cannot hold
 */

#ifndef RELAY_H
#define RELAY_H

/* Listen at a port of the loopback until stdin ends; returns the exit status. */
int relay(int port);

/* Ask for a path at a port of the loopback until something is answered, at most so many seconds; 0 or an errno. */
int await(int port, const char *path, int seconds);

#endif
