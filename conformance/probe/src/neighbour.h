/* What is at an address of this network, told to the kernel for good.
 *
 *     neighbour ADDRESS MAC
 *
 * What is told is not among the neighbours that a kernel finds by itself, of which it keeps 1,024 for all network
 * namespaces of a machine together (arp(7), gc_thresh3): 33 hosts that all know each other have more than that.
 */

#ifndef NEIGHBOUR_H
#define NEIGHBOUR_H

/* Tell it what a line says whose other words these are; returns 0 or an errno. */
int neighbour_tell(char *words);

#endif
