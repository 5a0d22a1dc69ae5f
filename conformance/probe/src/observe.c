#include "observe.h"

#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ARGUMENTS_BYTES ((size_t)8 << 20)
#define ENVIRONMENT_BYTES ((size_t)1 << 20)
#define STATUS_BYTES ((size_t)64 << 10)
#define MAPS_BYTES ((size_t)8 << 20)

/* The number after a name in /proc/<id>/status. */
static unsigned long long status_field(const char *status, const char *name, int base)
{
    const char *found = status ? strstr(status, name) : NULL;
    return found ? strtoull(found + strlen(name), NULL, base) : 0;
}

/* A file of a process below /proc as text, its last byte taken off; NULL where it cannot be read. */
static const char *read_text(pid_t process, const char *name)
{
    char path[64];
    size_t length;
    snprintf(path, sizeof path, "/proc/%d/%s", process, name);
    char *text = (char *)read_file(path, STATUS_BYTES, &length);
    if (!text || !length)
        return NULL;
    text[length - 1] = '\0';
    return text;
}

static const char *read_status(pid_t id)
{
    return read_text(id, "status");
}

/* The second number after a name, which is the effective user or group. */
static unsigned second_field(const char *status, const char *name)
{
    const char *found = status ? strstr(status, name) : NULL;
    unsigned number = 0;
    if (found)
        sscanf(found + strlen(name), "%*u %u", &number);
    return number;
}

struct family family_of(pid_t id)
{
    /* Read once: for a new process this is half of what its beginning costs. */
    const char *status = read_status(id);
    return (struct family){
        .process = (pid_t)status_field(status, "\nTgid:", 10),
        .parent = (pid_t)status_field(status, "\nPPid:", 10),
    };
}

int waits_only_for(pid_t process, pid_t child)
{
    long number;
    unsigned long arguments[4];
    const char *call = read_text(process, "syscall");
    if (!call || sscanf(call, "%ld %lx %lx %lx %lx", &number, &arguments[0], &arguments[1], &arguments[2],
                        &arguments[3]) != 5)
        return 0;
    int any = (number == SYS_wait4 && (int)arguments[0] == -1) || (number == SYS_waitid && arguments[0] == P_ALL);
    unsigned long options = number == SYS_wait4 ? arguments[2] : arguments[3];
    if (!any || !(options & (__WALL | __WCLONE)))
        return 0;
    char name[40];
    snprintf(name, sizeof name, "task/%d/children", process);
    const char *children = read_text(process, name);
    char *end;
    return children && strtol(children, &end, 10) == child && !*end;
}

const char *action_of(pid_t id, int number)
{
    const char *status = read_status(id);
    unsigned long long bit = 1ULL << (number - 1);
    if (status_field(status, "\nSigCgt:", 16) & bit)
        return "caught";
    return status_field(status, "\nSigIgn:", 16) & bit ? "ignored" : "default";
}

int is_pending(pid_t process, int number)
{
    const char *status = read_status(process);
    unsigned long long bit = 1ULL << (number - 1);
    return ((status_field(status, "\nShdPnd:", 16) | status_field(status, "\nSigPnd:", 16)) & bit) != 0;
}

int is_from_process(const siginfo_t *info)
{
    return info->si_code == SI_USER || info->si_code == SI_QUEUE || info->si_code == SI_TKILL;
}

void record_birth(pid_t process, pid_t parent, const char *how)
{
    line_begin("fork");
    line_number("pid", process);
    line_number("parent", parent);
    line_text("how", how);
    line_end();
}

/* A file that gives its caller another user or capabilities gives nothing to a traced one, unless that one is root. */
static int is_withheld(const char *executable, unsigned user)
{
    struct stat file;
    if (stat(executable, &file))
        return 0;
    return ((file.st_mode & S_ISUID) && file.st_uid != user) ||
           (user && getxattr(executable, "security.capability", NULL, 0) > 0);
}

/* Whether Python would not buffer what it writes: its variable is there, and not empty. The first entry counts. */
static void line_unbuffered(pid_t process)
{
    static const char name[] = "PYTHONUNBUFFERED=";
    char path[64];
    size_t length;
    snprintf(path, sizeof path, "/proc/%d/environ", process);
    const char *variables = read_file(path, ENVIRONMENT_BYTES, &length);
    if (!variables) {
        line_null("unbuffered");
        return;
    }
    int unbuffered = 0;
    for (size_t at = 0; at < length; at += strnlen(variables + at, length - at) + 1)
        if (length - at >= sizeof name && !memcmp(variables + at, name, sizeof name - 1)) {
            unbuffered = variables[at + sizeof name - 1] != '\0';
            break;
        }
    line_number("unbuffered", unbuffered);
}

void record_exec(pid_t process)
{
    char path[64];
    size_t length;

    line_begin("exec");
    line_number("pid", process);
    snprintf(path, sizeof path, "/proc/%d/cmdline", process);
    const char *arguments = read_file(path, ARGUMENTS_BYTES, &length);
    line_open("argv", '[');
    for (size_t at = 0; arguments && at < length; at += strnlen(arguments + at, length - at) + 1)
        line_bytes(NULL, arguments + at, strnlen(arguments + at, length - at));
    line_close(']');

    /* A process that left root behind shows its links to nobody but its own user, and to root only where root may
     * trace everything. For the time of a look the tracer takes that user's place, which root may. */
    const char *status = read_status(process);
    unsigned user = second_field(status, "\nUid:");
    unsigned group = second_field(status, "\nGid:");
    setfsgid(group);
    setfsuid(user);
    snprintf(path, sizeof path, "/proc/%d/cwd", process);
    line_link("cwd", path);
    snprintf(path, sizeof path, "/proc/%d/exe", process);
    line_link("executable", path);
    line_number("withheld", is_withheld(path, user));
    line_unbuffered(process);
    setfsuid(geteuid());
    setfsgid(getegid());
    line_end();
}

/* The signals that a thread blocks, as a mask: those it may fetch by itself, which no tracer sees. */
static void line_blocked(pid_t id)
{
    line_number("blocked", (long long)status_field(id ? read_status(id) : NULL, "\nSigBlk:", 16));
}

static const char *mapped_part;

void observe_mapped(const char *part)
{
    mapped_part = part;
}

/* The first file that a thread's process has mapped whose path has the part that is looked for. */
static void line_mapped(pid_t id)
{
    char path[64];
    size_t length = 0;
    snprintf(path, sizeof path, "/proc/%d/maps", id);
    const char *maps = id ? read_file(path, MAPS_BYTES, &length) : NULL;
    const char *part = maps ? memmem(maps, length, mapped_part, strlen(mapped_part)) : NULL;
    if (!part) {
        line_null("mapped");
        return;
    }
    /* A path begins with the first slash of its line: what stands before it are numbers and letters. */
    const char *begin = part;
    const char *end = memchr(part, '\n', length - (size_t)(part - maps));
    for (const char *at = part; *at != '\n'; at--) {
        if (*at == '/')
            begin = at;
        if (at == maps)
            break;
    }
    line_bytes("mapped", begin, (size_t)((end ? end : maps + length) - begin));
}

void record_exit(pid_t process, pid_t last, int status, int threads)
{
    line_begin("exit");
    line_number("pid", process);
    if (WIFSIGNALED(status)) {
        line_null("code");
        line_number("signal", WTERMSIG(status));
    } else {
        line_number("code", WEXITSTATUS(status));
        line_null("signal");
    }
    line_number("threads", threads);
    if (mapped_part)
        line_mapped(last);
    line_blocked(last);
    line_end();
}

void record_alive(pid_t process)
{
    line_begin("alive");
    line_number("pid", process);
    line_blocked(process);
    line_end();
}

void record_signal(const struct task *task, const siginfo_t *info, const char *action)
{
    line_begin("signal");
    line_number("pid", task->process);
    line_number("thread", task->id);
    line_number("number", info->si_signo);
    line_number("code", info->si_code);
    /* Other codes hold something else in that place. 0 is a process outside of the container. */
    if (is_from_process(info))
        line_number("sender", info->si_pid);
    else
        line_null("sender");
    line_text("action", action);
    line_end();
}

void record_release(const struct task *task, pid_t tracer, const char *request)
{
    line_begin("released");
    line_number("pid", task->process);
    line_number("thread", task->id);
    line_number("tracer", tracer);
    line_text("request", request);
    line_end();
}
