/* The network interface of a container, and the capabilities that are needed to do something with it. */

#ifndef INTERFACE_H
#define INTERFACE_H

#include <netinet/in.h>

#define MAC_BYTES 6

/* The number of the first interface in whose subnet this address is, or of any where it is 0.0.0.0; its MAC is written to
 * `mac`. 0 where there is none that has a MAC. */
int interface_find(struct in_addr address, unsigned char mac[MAC_BYTES]);

/* Give up all capabilities of this process: what needed one has been opened. */
void capabilities_drop(void);

#endif
