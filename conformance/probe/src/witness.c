#include "witness.h"

#include "record.h"

#include <dirent.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FILE_BYTES ((size_t)4 << 20)
#define SIGNALS 64

extern char **environ;

static const char *const FILES[] = {
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/opt/ml/config/processingjobconfig.json",
    "/opt/ml/config/resourceconfig.json",
    "/proc/self/mountinfo",
    "/proc/self/cgroup",
    "/proc/self/status",
};

static const struct {
    const char *name;
    int number;
} LIMITS[] = {
    {"as", RLIMIT_AS},           {"core", RLIMIT_CORE},     {"cpu", RLIMIT_CPU},       {"data", RLIMIT_DATA},
    {"fsize", RLIMIT_FSIZE},     {"locks", RLIMIT_LOCKS},   {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE},
    {"nice", RLIMIT_NICE},       {"nofile", RLIMIT_NOFILE}, {"nproc", RLIMIT_NPROC},   {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME}, {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
};

static void witness_users(void)
{
    gid_t groups[NGROUPS_MAX];
    int count = getgroups(NGROUPS_MAX, groups);
    mode_t mask = umask(0);
    umask(mask);

    line_number("uid", getuid());
    line_number("euid", geteuid());
    line_number("gid", getgid());
    line_number("egid", getegid());
    line_number("umask", mask);
    line_open("groups", '[');
    for (int i = 0; i < count; i++)
        line_number(NULL, groups[i]);
    line_close(']');
}

static void witness_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    struct dirent *entry;

    line_open("descriptors", '[');
    while (directory && (entry = readdir(directory))) {
        char path[64];
        int number = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || number == dirfd(directory) || number == record_descriptor())
            continue;
        snprintf(path, sizeof path, "/proc/self/fd/%d", number);
        line_open(NULL, '{');
        line_number("number", number);
        line_link("target", path);
        line_number("terminal", isatty(number));
        line_close('}');
    }
    line_close(']');
    if (directory)
        closedir(directory);
}

static void witness_signals(void)
{
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, NULL, &blocked);

    line_open("ignored", '[');
    for (int number = 1; number <= SIGNALS; number++) {
        struct sigaction action;
        if (!sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN)
            line_number(NULL, number);
    }
    line_close(']');
    line_open("blocked", '[');
    for (int number = 1; number <= SIGNALS; number++)
        if (sigismember(&blocked, number) == 1)
            line_number(NULL, number);
    line_close(']');
}

/* Soft and hard; -1 is no limit. */
static void witness_limits(void)
{
    line_open("limits", '{');
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++) {
        struct rlimit limit;
        if (getrlimit(LIMITS[i].number, &limit))
            continue;
        line_open(LIMITS[i].name, '[');
        line_number(NULL, limit.rlim_cur == RLIM_INFINITY ? -1 : (long long)limit.rlim_cur);
        line_number(NULL, limit.rlim_max == RLIM_INFINITY ? -1 : (long long)limit.rlim_max);
        line_close(']');
    }
    line_close('}');
}

static void witness_files(void)
{
    line_open("files", '{');
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        size_t length;
        const char *content = read_file(FILES[i], FILE_BYTES, &length);
        if (content)
            line_bytes(FILES[i], content, length);
        else
            line_null(FILES[i]);
    }
    line_close('}');
}

void witness(int count, char **arguments)
{
    char name[HOST_NAME_MAX + 1] = "";
    char directory[PATH_MAX];
    struct statvfs memory;

    line_begin("witness");
    line_number("version", 1);
    line_number("pid", getpid());
    line_number("parent", getppid());
    line_number("session", getsid(0));
    line_open("argv", '[');
    for (int i = 0; i < count; i++)
        line_text(NULL, arguments[i]);
    line_close(']');
    line_open("environment", '[');
    for (char **variable = environ; *variable; variable++)
        line_text(NULL, *variable);
    line_close(']');
    line_link("executable", "/proc/self/exe");
    if (getcwd(directory, sizeof directory))
        line_text("cwd", directory);
    else
        line_null("cwd");
    gethostname(name, sizeof name - 1);
    line_text("hostname", name);
    if (statvfs("/dev/shm", &memory))
        line_null("shared_memory_bytes");
    else
        line_number("shared_memory_bytes", (long long)memory.f_blocks * (long long)memory.f_frsize);
    witness_users();
    witness_descriptors();
    witness_signals();
    witness_limits();
    witness_files();
    line_end();
}
