/* What the tracer writes down, and what /proc tells it of a process that is stopped. */

#ifndef OBSERVE_H
#define OBSERVE_H

#include "tasks.h"

#include <signal.h>
#include <sys/types.h>

/* The process that a thread belongs to, and that one's parent; both are 0 where it is gone. */
struct family {
    pid_t process;
    pid_t parent;
};
struct family family_of(pid_t id);

/* What a thread would do with a signal: "caught", "ignored" or "default". */
const char *action_of(pid_t id, int number);

/* Whether a signal waits to be delivered to a process, or to its first thread. */
int is_pending(pid_t process, int number);

/* Whether a process sent it: only then does it say which one. */
int is_from_process(const siginfo_t *info);

/* Whether a process waits, with __WALL or __WCLONE, for whichever child, and has none left but this one. */
int waits_only_for(pid_t process, pid_t child);

void record_birth(pid_t process, pid_t parent, const char *how);
void record_exec(pid_t process);
/* From now on a process's end says which file it had mapped whose path has this in it; NULL for none. */
void observe_mapped(const char *part);
/* `last` is the thread that ended last; 0 where none of them can be looked at any more. */
void record_exit(pid_t process, pid_t last, int status, int threads);

/* A process that is still there when the container's first one ends, and will be killed with it. */
void record_alive(pid_t process);
/* Every signal that was delivered, but for the kernel's own SIGCHLD. */
void record_signal(const struct task *task, const siginfo_t *info, const char *action);
void record_release(const struct task *task, pid_t tracer, const char *request);

#endif
