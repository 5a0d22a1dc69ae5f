/* What a stand-in does on the network; each writes a line of its own. */

#ifndef NETWORK_H
#define NETWORK_H

/* Resolve a name, up to `tries` times with `pause_ms` between them; returns whether it could be. */
int resolve(const char *name, long tries, long pause_ms);

/* Accept connections on a port, in a child of its own; returns 0 or errno. */
int listen_on(int port);

/* Connect to a port and close again; returns 0 or errno. */
int connect_to(const char *host, const char *port);

void sleep_ms(long milliseconds);

#endif
