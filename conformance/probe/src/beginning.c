#include "beginning.h"

#include "halt.h"
#include "record.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/time.h>
#include <unistd.h>

#define ROOT "/opt/ml/processing"
#define MOST_DIRECTORIES 256
#define DEEPEST 4

#define EVENTS (IN_OPEN | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR | IN_DONT_FOLLOW)

/* A signal that comes just before waitpid() is begun interrupts nothing; another one follows after this time. */
#define AGAIN_MICROSECONDS 10000

/* The kernel numbers watches from 1 on, and gives no number twice. What is done with stays known by its path: the event
 * that it was made may be read only after that. */
static char *paths[MOST_DIRECTORIES + 1];
static int depths[MOST_DIRECTORIES + 1];
static int done[MOST_DIRECTORIES + 1];
static int last, watched;

static int queue = -1;
static volatile sig_atomic_t used;

static void tell(int number)
{
    static const struct itimerval soon = {{0, AGAIN_MICROSECONDS}, {0, AGAIN_MICROSECONDS}};
    (void)number;
    used = 1;
    setitimer(ITIMER_REAL, &soon, NULL);
}

static void add(const char *path, int depth)
{
    for (int known = 1; known <= last; known++)
        if (!strcmp(paths[known], path))
            return;
    int number = last < MOST_DIRECTORIES ? inotify_add_watch(queue, path, EVENTS) : -1;
    if (number != last + 1) /* it cannot be watched, or is already by another name */
        return;
    paths[number] = strdup(path);
    if (!paths[number])
        return;
    last = number;
    depths[number] = depth;
    watched++;
}

static void drop(int number)
{
    inotify_rm_watch(queue, number);
    done[number] = 1;
    if (--watched)
        return;
    close(queue);
    queue = -1;
}

static void found(int number, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", paths[number], name);
    line_begin("work");
    line_text("path", path);
    line_end();
    halt_used(path);
    drop(number);
}

/* Watch the directories in one; in a new one somebody may have been faster than its watch. */
static void look_into(int number, int is_new)
{
    char path[PATH_MAX];
    const struct dirent *entry;
    DIR *directory = opendir(paths[number]);
    while (directory && (entry = readdir(directory))) {
        if (entry->d_type == DT_DIR) {
            if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") || depths[number] >= DEEPEST)
                continue;
            snprintf(path, sizeof path, "%s/%s", paths[number], entry->d_name);
            add(path, depths[number] + 1);
        } else if (is_new) {
            found(number, entry->d_name);
            break;
        }
    }
    if (directory)
        closedir(directory);
}

int beginning_watch(void)
{
    queue = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (queue < 0)
        return 0;
    add(ROOT, 0);
    for (int number = 1; number <= last; number++)
        look_into(number, 0);
    struct sigaction action = {.sa_handler = tell}; /* without SA_RESTART, so that it interrupts waitpid() */
    sigaction(SIGIO, &action, NULL);
    if (!watched || fcntl(queue, F_SETOWN, getpid()) || fcntl(queue, F_SETFL, O_NONBLOCK | O_ASYNC)) {
        close(queue);
        queue = -1;
        return 0;
    }
    return watched;
}

static void take(const struct inotify_event *event)
{
    int number = event->wd;
    if (number < 1 || number > last || done[number] || !event->len)
        return;
    if (!(event->mask & IN_ISDIR)) {
        if (event->mask & (IN_OPEN | IN_MOVED_TO))
            found(number, event->name);
        return;
    }
    if (!(event->mask & (IN_CREATE | IN_MOVED_TO)) || depths[number] >= DEEPEST)
        return;
    char path[PATH_MAX];
    int next = last + 1;
    snprintf(path, sizeof path, "%s/%s", paths[number], event->name);
    add(path, depths[number] + 1);
    for (; next <= last; next++)
        look_into(next, 1);
}

int beginning_is_due(void)
{
    return used;
}

void beginning_look(void)
{
    union {
        struct inotify_event event;
        char bytes[16384];
    } buffer;
    ssize_t length;

    used = 0;
    while (queue >= 0 && (length = read(queue, buffer.bytes, sizeof buffer)) > 0)
        for (ssize_t at = 0; at < length && queue >= 0;) {
            const struct inotify_event *event = (const void *)(buffer.bytes + at);
            at += (ssize_t)(sizeof *event + event->len);
            take(event);
        }
}
