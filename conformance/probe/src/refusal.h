/* Answers for hosts that have ended: what others send them is refused at once, as by a machine on which nothing listens.
 *
 * An engine takes the network of a container away with it: what is sent there is lost, and connections hang for minutes.
 * Here whoever looks for such an address finds this container, which resets its connections, says that a port cannot be
 * reached and echoes a ping. It needs CAP_NET_RAW until it has been opened.
 */

#ifndef REFUSAL_H
#define REFUSAL_H

#include <netinet/in.h>

/* Get ready; the descriptor at which frames arrive once there is an address to answer for, or -1 and errno. */
int refusal_open(void);

/* Answer for an address from now on. */
void refusal_add(struct in_addr address);

/* Answer the frame that has arrived. */
void refusal_answer(void);

#endif
