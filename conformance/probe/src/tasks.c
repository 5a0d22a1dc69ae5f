#include "tasks.h"

#include <stdlib.h>

#define BUCKETS 4096u

static struct task *buckets[BUCKETS];

static struct task **place(pid_t id)
{
    struct task **at = &buckets[(unsigned)id % BUCKETS];
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

struct task *task_find(pid_t id)
{
    return *place(id);
}

struct task *task_add(pid_t id, pid_t process)
{
    struct task **at = place(id);
    if (!*at) {
        *at = calloc(1, sizeof **at);
        if (!*at)
            return NULL;
    }
    struct task *next = (*at)->next;
    **at = (struct task){.id = id, .process = process, .status = UNRECORDED, .next = next};
    if (id == process)
        (*at)->alive = (*at)->threads = 1;
    return *at;
}

void task_remove(pid_t id)
{
    struct task **at = place(id);
    struct task *found = *at;
    if (found) {
        *at = found->next;
        free(found);
    }
}

void task_each(void (*function)(struct task *task))
{
    for (unsigned i = 0; i < BUCKETS; i++)
        for (struct task *task = buckets[i]; task; task = task->next)
            function(task);
}

void task_each_process(void (*function)(pid_t process))
{
    for (unsigned i = 0; i < BUCKETS; i++)
        for (const struct task *task = buckets[i]; task; task = task->next)
            if (task->id == task->process && task->alive > 0)
                function(task->process);
}
