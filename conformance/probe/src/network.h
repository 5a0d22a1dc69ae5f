/* What a stand-in does on the network; each writes a line of its own. */

#ifndef NETWORK_H
#define NETWORK_H

/* Resolve a name, up to `tries` times with `pause_ms` between them; returns whether it could be. */
int resolve(const char *name, long tries, long pause_ms);

void sleep_ms(long milliseconds);

#endif
