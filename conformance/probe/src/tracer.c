/* The tracer: the image's own command stays process 1, and a child of it records what its processes do.
 *
 * The child is made with exit signal 0. Such a child raises no SIGCHLD, and wait() without __WALL or __WCLONE neither
 * returns it nor waits for it, so that a command that waits for all of its children is not held up. It attaches with
 * PTRACE_SEIZE, which stops nothing, and follows every new process and thread. When the container's process 1 ends, the
 * kernel kills the tracer with all the rest: everything is therefore written before what it tells of goes on.
 *
 * What a tracer cannot hide: it is a process more, which ps shows; TracerPid and NoNewPrivs in /proc/<id>/status; a
 * signal that is ignored makes calls fail with EINTR that are not restarted, such as epoll_wait(2), where untraced it
 * would not be noticed. What it cannot see: signals that a process fetches with sigwait(2) or signalfd(2), for which
 * reason the signals that it blocks are recorded. A process 1 that waits with __WALL for whichever child, as strace does,
 * waits for the tracer too: it leaves where it finds that, and says so.
 *
 * What it costs: four stops for each process, at its parent's fork, its birth, its end and its parent's SIGCHLD. At each
 * the kernel wakes the tracer and then the stopped thread again, mostly on another processor that was idle. On a virtual
 * machine that takes longer than all that is done at the stop; `python -m benchmarks tracer` measures both together.
 *
 * A process has one tracer. Where the command is a debugger, a filter stops its ptrace calls; the process that it wants
 * is let go and the record says so. Without a capability the filter needs no_new_privs. That takes nothing away that
 * tracing has not taken already: a traced program gains no privileges from its file either.
 *
 * The filter also stops calls that lead outside of the container; see outside.h. It cannot be taken back: where nobody
 * traces a process any more, the kernel refuses such calls, and ptrace, with ENOSYS. That meets what was left to a
 * debugger, and what goes on after the tracer has left or was killed. In each of these cases the record says so.
 */

#include "probe.h"

#include "beginning.h"
#include "filter.h"
#include "halt.h"
#include "observe.h"
#include "outside.h"
#include "record.h"
#include "tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

#define OPTIONS                                                                                                        \
    (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT |        \
     PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD)

/* What a stop at a system call's end is told by, with PTRACE_O_TRACESYSGOOD. */
#define SYSTEM_CALL (SIGTRAP | 0x80)

/* No request: the thread stays where it is. */
#define HOLD (-1)

#define LOOK_MICROSECONDS 500000

/* By this the command's process tells, before it becomes the command, why the filter could not be installed, or 0. Only
 * the tracer writes to the record while it watches: a line of anybody else could be taken away again. */
static int told = -1;

/* A new thread or process, which is told apart here: CLONE events are raised for both. */
static struct task *born(pid_t id, pid_t parent, const char *how)
{
    /* Signal 0 is never delivered; it only asks whether the parent has a thread of that id. */
    if (syscall(SYS_tgkill, parent, id, 0) == 0 || errno != ESRCH) {
        struct task *leader = task_find(parent);
        if (leader) {
            leader->alive++;
            leader->threads++;
        }
        return task_add(id, parent);
    }
    record_birth(id, parent, how);
    return task_add(id, id);
}

/* A task that stopped before its parent's event was seen: /proc knows whose it is. */
static struct task *adopted(pid_t id)
{
    struct family family = family_of(id);
    struct task *task;
    if (family.process && family.process != id) {
        task = born(id, family.process, "");
    } else {
        record_birth(id, family.parent, "fork");
        task = task_add(id, id);
    }
    if (task)
        task->adopted = 1;
    return task;
}

/* A thread tells which one it made. That one may have been heard of already; it may even have ended. */
static void made(const struct task *maker, pid_t id, int event)
{
    struct task *task = task_find(id);
    if (task && task->adopted) {
        task->adopted = 0;
        if (task->gone)
            task_remove(id);
    } else if (!task)
        born(id, maker->process,
             event == PTRACE_EVENT_FORK    ? "fork"
             : event == PTRACE_EVENT_VFORK ? "vfork"
                                           : "clone");
}

/* Record whether the filter is there, as soon as that is known: with the first program. */
static void record_filter(void)
{
    int refused = 0;
    if (told < 0)
        return;
    if (read(told, &refused, sizeof refused) == sizeof refused && refused) {
        line_begin("unfiltered");
        line_error(refused);
        line_end();
    }
    close(told);
    told = -1;
}

static void executed(struct task *task)
{
    unsigned long former = 0;
    record_filter();
    ptrace(PTRACE_GETEVENTMSG, task->id, 0, &former);
    if ((pid_t)former != task->id)
        task_remove((pid_t)former);
    /* The thread that called it goes on under the process's id; the others are gone. */
    task->alive = 1;
    task->ending = 0;
    task->status = UNRECORDED;
    record_exec(task->id);
    halt_executed(task->process);
}

/* A thread has come to its end. With the last one the process ends, and with `all` all of them do; of process 1 nothing
 * is heard after that. */
static void ending(struct task *task, int status, int all)
{
    struct task *leader = task_find(task->process);
    if (task->ending)
        return;
    task->ending = 1;
    if (!leader || leader->alive <= 0)
        return;
    leader->alive = all ? 0 : leader->alive - 1;
    if (leader->alive > 0)
        return;
    leader->status = status;
    record_exit(leader->id, task->id, status, leader->threads);
    if (leader->id == 1) {
        task_each_process(record_alive);
        /* Who reads this knows that nothing was taken away from the end. */
        line_begin("end");
        line_end();
        record_hand_over();
    }
}

/* Whether a thread that has come to its end takes all others of its process with it. Of those it may not be heard: what
 * was at a stop just then is let go on from its end as if from that stop. Where SIGKILL ended it, perhaps another thread
 * became another program. */
static int ends_all(const struct task *task, int status)
{
    const struct task *leader = task_find(task->process);
    struct user_regs_struct registers;
    int number = status & 0x7f;
    if (!leader || leader->alive < 2)
        return 0;
    if (number)
        return number != SIGKILL;
    return !ptrace(PTRACE_GETREGS, task->id, 0, &registers) && registers.orig_rax == SYS_exit_group;
}

/* Let process 1 die of its own fault. The kernel keeps a traced process 1 alive whatever it does, so that it would run
 * into the same fault for ever; untraced it dies of it. */
static void let_die(struct task *task, const siginfo_t *info)
{
    struct user_regs_struct registers;
    if (info->si_signo == SIGTRAP && !ptrace(PTRACE_GETREGS, task->id, 0, &registers)) {
        registers.rip--; /* a breakpoint's fault is told of after it, any other one's before */
        ptrace(PTRACE_SETREGS, task->id, 0, &registers);
    }
    ending(task, info->si_signo, 1);
    ptrace(PTRACE_DETACH, task->id, 0, 0);
}

static int is_fault(const siginfo_t *info)
{
    int number = info->si_signo;
    return info->si_code > 0 && (number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL ||
                                 (number == SIGTRAP && info->si_code == SI_KERNEL));
}

/* A signal is about to be delivered; returns the one that is, or -1 where the thread has been let go. */
static int delivered(struct task *task, int number)
{
    siginfo_t info = {.si_signo = number};
    ptrace(PTRACE_GETSIGINFO, task->id, 0, &info);
    /* By this the kernel says what became of a child, which the record has already; it comes for every process. */
    if (number == SIGCHLD && info.si_code > 0)
        return number;
    const char *action = action_of(task->id, number);
    record_signal(task, &info, action);
    if (task->process != 1)
        return number;
    if (is_fault(&info) && !strcmp(action, "default")) {
        let_die(task, &info);
        return -1;
    }
    /* What its own container sends does not stop process 1; the kernel forgets that where it is traced. */
    return number == SIGSTOP && is_from_process(&info) && info.si_pid ? 0 : number;
}

/* Of a task nothing more is heard, but perhaps its maker's event. */
static void forget(struct task *task)
{
    if (task->adopted) {
        task->gone = 1;
        task->alive = 0;
    } else {
        task_remove(task->id);
    }
}

/* A thread goes on that was held until another one was let go. */
static void let_go_on(pid_t id)
{
    struct task *task = task_find(id);
    if (!task || !task->held)
        return;
    task->held = 0;
    ptrace(PTRACE_CONT, id, 0, 0);
}

/* Leave a stopped thread to another tracer. */
static void release(struct task *task, int number)
{
    pid_t waiting = task->waiting;
    ptrace(PTRACE_DETACH, task->id, 0, (void *)(long)number);
    forget(task);
    let_go_on(waiting);
}

/* A traced thread is about to call ptrace: returns how it goes on, or HOLD. */
static int calling_ptrace(struct task *task, const struct user_regs_struct *registers)
{
    if (registers->rdi == PTRACE_TRACEME) {
        record_release(task, family_of(task->id).parent, "PTRACE_TRACEME");
        task->released = 1;
        return PTRACE_CONT;
    }
    if (registers->rdi != PTRACE_ATTACH && registers->rdi != PTRACE_SEIZE)
        return PTRACE_CONT;
    struct task *wanted = task_find((pid_t)registers->rsi);
    if (!wanted || wanted->released || ptrace(PTRACE_INTERRUPT, wanted->id, 0, 0))
        return PTRACE_CONT;
    record_release(wanted, task->process, registers->rdi == PTRACE_ATTACH ? "PTRACE_ATTACH" : "PTRACE_SEIZE");
    if (wanted->held) { /* two that attach to each other: one of them has to go first */
        release(wanted, 0);
        return PTRACE_CONT;
    }
    wanted->released = 1;
    wanted->waiting = task->id;
    task->held = 1;
    return HOLD;
}

/* A traced thread is about to make a call that the filter stopped: returns how it goes on, or HOLD. Only for a call
 * whose result is wanted does it stop once more, at the call's end. */
static int calling(struct task *task)
{
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, task->id, 0, &registers))
        return PTRACE_CONT;
    switch (registers.orig_rax) {
    case SYS_ptrace:
        return calling_ptrace(task, &registers);
    case SYS_connect:
    case SYS_sendto:
        return outside_begun(task, &registers) ? PTRACE_SYSCALL : PTRACE_CONT;
    default: /* others are what a filter of the workload's own stopped */
        task->using = halt_is_awaited() && is_use((long long)registers.orig_rax);
        return task->using ? PTRACE_SYSCALL : PTRACE_CONT;
    }
}

/* A call has come to its end whose result is wanted. */
static void call_ended(struct task *task)
{
    if (!task->using) {
        outside_ended(task);
        return;
    }
    task->using = 0;
    beginning_look();
    halt_look();
}

static int stops_the_group(int number)
{
    return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

static void stopped(pid_t id, int status)
{
    struct task *task = task_find(id);
    int event = status >> 16;
    int number = WSTOPSIG(status);
    int request = PTRACE_CONT;
    unsigned long message = 0;

    if ((!task || task->gone) && !(task = adopted(id))) {
        ptrace(PTRACE_DETACH, id, 0, (void *)(long)(event ? 0 : number));
        return;
    }
    switch (event) {
    case 0:
        if (number == SYSTEM_CALL) {
            call_ended(task);
            number = 0;
            break;
        }
        halt_delivered(task, number);
        number = delivered(task, number);
        if (number < 0)
            return;
        break;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
        ptrace(PTRACE_GETEVENTMSG, id, 0, &message);
        if (message)
            made(task, (pid_t)message, event);
        break;
    case PTRACE_EVENT_EXEC:
        executed(task);
        break;
    case PTRACE_EVENT_EXIT:
        ptrace(PTRACE_GETEVENTMSG, id, 0, &message);
        ending(task, (int)message, ends_all(task, (int)message));
        break;
    case PTRACE_EVENT_SECCOMP:
        request = calling(task);
        break;
    case PTRACE_EVENT_STOP:
        if (stops_the_group(number) && !task->released) {
            ptrace(PTRACE_LISTEN, id, 0, 0);
            return;
        }
        break;
    }
    if (event)
        number = 0;
    if (task->released) {
        release(task, number);
    } else if (request != HOLD && halt_is_on() && event != PTRACE_EVENT_EXIT) {
        task->halted = 1;
        task->request = request;
        task->number = number;
    } else if (request != HOLD) {
        ptrace(request, id, 0, (void *)(long)number);
    }
}

static void gone(pid_t id, int status)
{
    struct task *task = task_find(id);
    if (!task || task->gone)
        return;
    pid_t waiting = task->waiting;
    if (id != task->process)
        ending(task, status, 0);
    else if (task->status != status) /* killed before its exit event, or in the midst of it */
        record_exit(id, 0, status, task->threads);
    forget(task);
    let_go_on(waiting);
}

/* What the tracer inherited is not its own: an open pipe would keep its reader waiting, a name would be found twice. */
static void disown(char **arguments)
{
    setsid();
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    prctl(PR_SET_NAME, "probe");
    prctl(PR_SET_DUMPABLE, 0); /* nobody may read the key in its memory, whose user it may share */
    for (; *arguments; arguments++)
        memset(*arguments, 0, strlen(*arguments));
    if (chdir("/")) {
        /* It keeps the command's directory then, which does no more harm than to keep it in use. */
    }
}

static void wake(int number)
{
    (void)number;
}

/* Have waitpid() interrupted now and then, to see whether anybody waits for the tracer, and what else is due. */
static void set_clock(long microseconds)
{
    const struct itimerval often = {{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_REAL, &often, NULL);
}

/* Attach to the command and tell it through `ready`; then record until everything has ended. */
static void watch(pid_t command, int ready, size_t limit)
{
    if (record_open(RECORD_PATH, limit))
        return;
    if (ptrace(PTRACE_SEIZE, command, 0, (void *)(long)OPTIONS)) {
        line_begin("untraced");
        line_error(errno);
        line_end();
        return;
    }
    pid_t tracer = (pid_t)syscall(SYS_getpid);
    task_add(command, command);
    line_begin("trace");
    line_number("version", 1);
    line_number("pid", command);
    line_number("tracer", tracer);
    line_end();
    line_begin("watching");
    line_number("directories", beginning_watch());
    line_end();
    struct sigaction action = {.sa_handler = wake};
    sigaction(SIGALRM, &action, NULL);
    if (write(ready, "", 1) != 1)
        return;
    close(ready);
    set_clock(LOOK_MICROSECONDS);
    for (;;) {
        int status;
        pid_t id = waitpid(-1, &status, __WALL);
        int number = errno;
        if (beginning_is_due()) {
            set_clock(LOOK_MICROSECONDS); /* before the look: what is used meanwhile sets it to come by sooner again */
            beginning_look();
        }
        int has_changed = halt_look();
        if (halt_is_on())
            set_clock(HALT_LOOK_MICROSECONDS);
        else if (has_changed)
            set_clock(LOOK_MICROSECONDS);
        if (id > 0 && WIFSTOPPED(status))
            stopped(id, status);
        else if (id > 0)
            gone(id, status);
        else if (number != EINTR)
            break;
        else if (waits_only_for(command, tracer)) {
            line_begin("left");
            line_end();
            return;
        }
    }
    line_begin("end");
    line_end();
}

/* Whether the tracer has attached; where it has not, it has said why and is gone. What it is told by is `telling`. */
static int attach(char **arguments, size_t limit, int *telling)
{
    int ready[2], telling_it[2];
    char byte;

    if (pipe2(ready, O_CLOEXEC) || pipe2(telling_it, O_CLOEXEC))
        return 0;
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* Yama lets nobody attach to its own parent otherwise */
    pid_t command = getpid();
    pid_t tracer = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);
    if (!tracer) {
        told = telling_it[0];
        /* Whatever was open: the pipes are all that it needs. */
        for (int number = 0; number < 1024; number++)
            if (number != ready[1] && number != told)
                close(number);
        disown(arguments);
        watch(command, ready[1], limit);
        _exit(0);
    }
    close(ready[1]);
    close(telling_it[0]);
    *telling = telling_it[1];
    int attached = tracer > 0 && read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    prctl(PR_SET_PTRACER, 0);
    if (tracer > 0 && !attached)
        waitpid(tracer, NULL, __WALL);
    return attached;
}

int trace(char **arguments, size_t limit, const char *mapped)
{
    observe_mapped(mapped);
    /* These lines are the command's own process, before it becomes the command. */
    int telling = -1;
    int attached = attach(arguments, limit, &telling);
    int refused = attached ? filter_calls() : 0;
    if (attached && !refused && halt_is_planned())
        refused = filter_uses();
    if (attached && write(telling, &refused, sizeof refused) != sizeof refused) {
        /* The tracer is gone, which the record shows. */
    }
    int number = execute(arguments);
    /* The one line that is not the tracer's, and begins a chain of its own: no other program has run. */
    record_open(RECORD_PATH, limit);
    line_begin("exec-failed");
    line_text("command", arguments[0] ? arguments[0] : "");
    line_error(number);
    line_end();
    fprintf(stderr, "exec %s: %s\n", arguments[0] ? arguments[0] : "", strerror(number));
    return number == ENOENT ? 127 : 126;
}
