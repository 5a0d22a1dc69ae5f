#include "devices.h"

#include "network.h"
#include "probe.h"
#include "record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_BYTES ((size_t)16 << 10)

static void record_nodes(void)
{
    DIR *directory = opendir("/dev");
    struct dirent *entry;

    while (directory && (entry = readdir(directory))) {
        char path[300];
        struct stat status;
        /* Under the Windows Subsystem for Linux all GPUs are one device, dxg. */
        if (strncmp(entry->d_name, "nvidia", 6) && strcmp(entry->d_name, "dxg"))
            continue;
        snprintf(path, sizeof path, "/dev/%s", entry->d_name);
        if (stat(path, &status) || S_ISDIR(status.st_mode))
            continue;
        int file = open(path, O_RDWR | O_CLOEXEC);
        int number = file < 0 ? errno : 0;
        if (file >= 0)
            close(file);
        line_begin("device");
        line_text("path", path);
        line_number("character", S_ISCHR(status.st_mode));
        line_error(number);
        line_end();
    }
    if (directory)
        closedir(directory);
}

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What a process of one's own says until it ends or the time is over; what does not fit is left out. */
static size_t read_until(int file, char *output, long until_ms)
{
    static char rest[4096];
    size_t length = 0;
    long left;

    while ((left = until_ms - now_ms()) > 0) {
        struct pollfd ready = {.fd = file, .events = POLLIN};
        if (poll(&ready, 1, (int)left) != 1)
            continue;
        int full = length == OUTPUT_BYTES;
        ssize_t count = full ? read(file, rest, sizeof rest) : read(file, output + length, OUTPUT_BYTES - length);
        if (count <= 0)
            break;
        length += full ? 0 : (size_t)count;
    }
    return length;
}

static void record_program(const char *name, char **command, long limit_ms)
{
    static char output[OUTPUT_BYTES];
    int said[2], refused[2];
    int number = 0;
    int status = 0;
    long until = now_ms() + limit_ms;

    if (pipe2(said, O_CLOEXEC) || pipe2(refused, O_CLOEXEC))
        return;
    pid_t child = fork();
    if (!child) {
        int nothing = open("/dev/null", O_RDONLY);
        dup2(nothing, STDIN_FILENO);
        dup2(said[1], STDOUT_FILENO);
        dup2(said[1], STDERR_FILENO);
        number = execute(command);
        if (write(refused[1], &number, sizeof number) < 0) {
            /* Then it ended with 127, which tells the same. */
        }
        _exit(127);
    }
    close(said[1]);
    close(refused[1]);
    if (child < 0 || read(refused[0], &number, sizeof number) != sizeof number)
        number = 0;
    size_t length = child < 0 ? 0 : read_until(said[0], output, until);
    int late = 0;
    /* What has closed its output need not have ended. */
    while (child > 0 && !waitpid(child, &status, WNOHANG)) {
        late = now_ms() >= until;
        if (late) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            break;
        }
        sleep_ms(1);
    }
    close(said[0]);
    close(refused[0]);
    line_begin("program");
    line_text("name", name);
    line_error(number);
    if (late || child < 0)
        line_null("status");
    else
        line_number("status", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    line_bytes("output", output, length);
    line_end();
}

void look_at_gpus(const char *loader, const char *look, long limit_ms)
{
    char *looking[] = {(char *)loader, (char *)look, NULL};
    char *listing[] = {"nvidia-smi", "-L", NULL};

    record_nodes();
    if (!*loader)
        return;
    record_program("look", looking, limit_ms);
    record_program("nvidia-smi", listing, limit_ms);
}
