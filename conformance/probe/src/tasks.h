/* The threads and processes that are traced, by their kernel task id. */

#ifndef TASKS_H
#define TASKS_H

#include <sys/types.h>

struct task {
    pid_t id;
    pid_t process; /* its thread group; the same as `id` for a process's first thread */
    int alive;     /* of a first thread: how many threads of the process have not ended */
    int threads;   /* of a first thread: how many threads the process has ever had */
    int ending;    /* it has come to its exit event, and counts among the living no longer */
    int status;    /* of a first thread: the exit status that was recorded, or UNRECORDED */
    int released;  /* it is to be left to another tracer at its next stop */
    pid_t waiting; /* the thread that is held until this one has been released */
    int held;      /* it is such a thread */
    int adopted;   /* it was heard of before the event of the thread that made it, which is still to come */
    int gone;      /* nothing more is heard of it; it is kept only until that event */
    int using;     /* it makes a call that may use a file, and stops at its end */
    int halted;    /* it is stopped until halt.c lets it go on, by this request and with this signal */
    int request, number;
    struct task *next;
};

#define UNRECORDED (-1)

struct task *task_find(pid_t id);
struct task *task_add(pid_t id, pid_t process);
void task_remove(pid_t id);

/* Call a function for every thread; it may not add or remove any. */
void task_each(void (*function)(struct task *task));

/* Call a function for every process, with its first thread's id. */
void task_each_process(void (*function)(pid_t process));

#endif
