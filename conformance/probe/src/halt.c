#include "halt.h"

#include "beginning.h"
#include "observe.h"
#include "record.h"
#include "words.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <time.h>
#include <unistd.h>

#define MOST_PASSED 64

/* The signal is given up after that: whoever was to send it is no longer there. */
#define PATIENCE_SECONDS 20

static int number;
static const char *command;
static size_t command_length;
static const char *passed[MOST_PASSED];
static int count;

static enum { NOT_WANTED, NOT_BEGUN, BEGUN, DUE, ON, OVER } state;
static time_t since;
static int came;

static time_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

void halt_plan(char *line)
{
    char *mode = next_word(&line, NULL);
    const char *word = mode && !strcmp(mode, "halt") ? next_word(&line, NULL) : NULL;
    if (!word)
        return;
    number = atoi(word);
    command = next_word(&line, &command_length);
    while (count < MOST_PASSED && (passed[count] = next_word(&line, NULL)))
        count++;
    state = NOT_BEGUN;
}

int halt_is_planned(void)
{
    return state != NOT_WANTED;
}

void halt_executed(pid_t process)
{
    char path[64];
    size_t length;
    if (state != NOT_BEGUN)
        return;
    if (command && command_length) {
        snprintf(path, sizeof path, "/proc/%d/cmdline", process);
        const char *arguments = read_file(path, command_length + 1, &length);
        if (!arguments || length != command_length || memcmp(arguments, command, length) != 0)
            return;
    }
    beginning_look(); /* what was used before was not by this program */
    state = BEGUN;
}

int halt_is_awaited(void)
{
    return state == BEGUN;
}

void halt_used(const char *path)
{
    if (state != BEGUN)
        return;
    for (int at = 0; at < count; at++) {
        size_t length = strlen(passed[at]);
        if (!strncmp(path, passed[at], length) && (path[length] == '/' || !path[length]))
            return;
    }
    state = DUE;
}

static void interrupt(struct task *task)
{
    if (!task->gone && !task->halted)
        ptrace(PTRACE_INTERRUPT, task->id, 0, 0);
}

static void go_on(struct task *task)
{
    if (!task->halted)
        return;
    task->halted = 0;
    ptrace(task->request, task->id, 0, (void *)(long)task->number);
}

static void tell(const char *event)
{
    line_begin(event);
    line_end();
}

static void halt(void)
{
    state = ON;
    since = now();
    task_each(interrupt);
    tell("halted");
    int file = open(HALT_PATH, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0 || write(file, ".", 1) != 1)
        since -= PATIENCE_SECONDS; /* nobody would hear of it */
    if (file >= 0)
        close(file);
}

void halt_delivered(const struct task *task, int other)
{
    came |= state == ON && task->process == 1 && other == number;
}

int halt_look(void)
{
    if (state == DUE) {
        halt();
        return 1;
    }
    if (state != ON)
        return 0;
    const struct task *first = task_find(1);
    int goes_on = first && first->alive > 0;
    if (goes_on && !came && !is_pending(1, number) && now() - since < PATIENCE_SECONDS)
        return 0;
    state = OVER;
    tell("resumed");
    task_each(go_on);
    return 1;
}

int halt_is_on(void)
{
    return state == ON;
}
