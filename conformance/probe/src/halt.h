/* Halting all processes of the container once the work has begun, until a signal comes that is to meet it there.
 *
 * The plan's line is `halt SIGNAL COMMAND [PASSED ...]`: the work begins when, after a process came to have COMMAND for
 * its arguments, a NUL after each (empty for any), a file is used below a directory which is none of PASSED. Whoever sends the signal
 * reads HALT_PATH, which has a byte in it from then on. Process 1 is seen to have the signal pending, and then all go
 * on. So it does not depend on how fast the machine is what a program is doing when it is stopped: a filter has each call
 * stop that may use a file.
 *
 * What is not halted: what sleeps where no signal wakes it, until it wakes; what was left to another tracer, for which
 * each of those calls fails with ENOSYS; what has come to its end.
 */

#ifndef HALT_H
#define HALT_H

#include "tasks.h"

#define HALT_PATH "/.conformance/halted"

/* How often to see whether the signal has come. */
#define HALT_LOOK_MICROSECONDS 5000

/* Take the plan's line; NULL where nothing is to be halted. */
void halt_plan(char *line);

int halt_is_planned(void);

/* A process became another program. */
void halt_executed(pid_t process);

/* Whether it is still to be seen that a file is used. */
int halt_is_awaited(void);

/* A file was used. */
void halt_used(const char *path);

/* A signal was delivered to a thread that had not halted yet. */
void halt_delivered(const struct task *task, int number);

/* Halt them, where that has become due; let them go on, where the signal has come or does not. Returns whether it did. */
int halt_look(void);

/* Whether all are to stay where they are. */
int halt_is_on(void);

#endif
