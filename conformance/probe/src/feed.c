#include "feed.h"

#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A program that reads for ever is ended with its container; this only keeps a mad one from filling a record. */
#define MOST_FIFOS 10000

#define PIECE 65536
#define LOOK_MS 5

#define AGAIN_MICROSECONDS 5000

static char piece[PIECE];

static volatile sig_atomic_t ending;

static void end(int number)
{
    (void)number;
    ending = 1;
}

/* Make a FIFO that everybody may read; one that is there already will do. */
static int make(const char *path)
{
    if (mkfifo(path, 0644) && errno != EEXIST)
        return errno;
    return 0;
}

/* Returns how much of the file was written; less than all where there is no reader any more. */
static long long pour(int file, int fifo)
{
    long long poured = 0;
    ssize_t length;
    while ((length = read(file, piece, sizeof piece)) > 0)
        for (ssize_t done = 0; done < length;) {
            ssize_t written = write(fifo, piece + done, (size_t)(length - done));
            if (written < 0 && errno != EINTR)
                return poured;
            if (written > 0) {
                done += written;
                poured += written;
            }
        }
    return poured;
}

/* Wait until all that was written has been read, or nobody is left to read it; returns how much has not been. */
static long long rest_of(int fifo)
{
    struct pollfd reader = {.fd = fifo, .events = 0};
    int unread = 0;
    while (!ioctl(fifo, FIONREAD, &unread) && unread) {
        /* The timeout does not wait where there is no reader: the error is there at once. */
        if (poll(&reader, 1, LOOK_MS) > 0)
            break;
    }
    return unread;
}

static void fed(const char *path, long long size, long long taken)
{
    line_begin("fed");
    line_text("path", path);
    line_number("size", size);
    line_number("read", taken);
    line_end();
}

/* Feed one FIFO, once somebody opens it; `next` is made before that reader sees the end. */
static void feed_one(const char *path, const char *next, const char *directory, long count)
{
    int fifo = open(path, O_WRONLY | O_CLOEXEC);
    if (fifo < 0)
        return;
    line_begin("opened");
    line_text("path", path);
    line_end();
    long long size = 0, poured = 0;
    for (long number = 0; number < count; number++) {
        char source[PATH_MAX];
        struct stat facts;
        snprintf(source, sizeof source, "%s/%ld", directory, number);
        int file = open(source, O_RDONLY | O_CLOEXEC);
        if (file < 0 || fstat(file, &facts))
            break;
        if (poured == size)
            poured += pour(file, fifo);
        size += facts.st_size;
        close(file);
    }
    long long taken = poured - rest_of(fifo);
    make(next);
    fed(path, size, taken);
    close(fifo);
}

int feed(const char *prefix, const char *directory, long count)
{
    char path[2][PATH_MAX];
    snprintf(path[0], sizeof path[0], "%s0", prefix);
    int number = make(path[0]);
    pid_t child = number ? 0 : fork();
    if (number || child)
        return child < 0 ? errno : number;
    /* Without SA_RESTART, so that it interrupts the wait for a reader. */
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    for (int epoch = 0; epoch < MOST_FIFOS && !ending; epoch++) {
        char *next = path[(epoch + 1) % 2];
        snprintf(next, sizeof path[0], "%s%d", prefix, epoch + 1);
        feed_one(path[epoch % 2], next, directory, count);
    }
    _exit(0);
}

int end_feeding(void)
{
    for (;;) {
        pid_t ended = waitpid(-1, NULL, WNOHANG);
        if (ended < 0)
            return 0;
        if (ended > 0)
            continue;
        /* Again and again: one that was about to wait has not heard it. */
        kill(-1, SIGTERM);
        usleep(AGAIN_MICROSECONDS);
    }
}
