/* The stand-in: plays a workload. It writes down what it found and then does what the plan says, line by line.
 *
 * A line is a verb and its words, parted by one space each; %XX stands for any byte. Each verb leaves a line in the
 * record when it is done, with errno 0 or the reason why it could not be.
 *
 *     exit STATUS                   sleep MS                    resolve NAME [TRIES MS]
 *     catch SIGNAL                  waitsignal (a caught one)   gpus [LOADER LOOK MS] (see devices.h)
 *     must STATUS                   say DESCRIPTOR TEXT         write PATH TEXT
 *     read DIRECTORY BEGINNING (each of its files, of which there is at least one, begins so)
 *     feed PREFIX DIRECTORY COUNT (FIFOs, in a child)           endfeeding
 *     kill (by SIGKILL, all processes in sight but itself and the first one)
 *
 * SIGNAL is a number. From `must` on, a line that could not be done is said on stderr, and it exits with that status,
 * as a program would. After the last line it exits with 0.
 */

#include "devices.h"
#include "feed.h"
#include "network.h"
#include "probe.h"
#include "record.h"
#include "witness.h"
#include "words.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SIGNALS 64
#define WORDS 4
#define INPUT_BYTES ((size_t)1 << 20)

static volatile sig_atomic_t caught;

/* The status with which it exits where a line cannot be done; 0 where it goes on. */
static int must;

/* The words of a line after its verb: missing ones are empty. */
struct words {
    char *text[WORDS];
};

static long number_of(const struct words *words, int index, long otherwise)
{
    return *words->text[index] ? strtol(words->text[index], NULL, 10) : otherwise;
}

static void handle(int number, siginfo_t *info, void *context)
{
    /* A line may be half made when the signal comes, so this one is made apart. */
    char line[256];
    struct timespec real, monotonic;
    int before = errno;
    (void)context;
    clock_gettime(CLOCK_REALTIME, &real);
    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    int length = snprintf(line, sizeof line,
                          "{\"event\":\"caught\",\"time_ns\":%lld,\"monotonic_ns\":%lld,"
                          "\"pid\":%d,\"number\":%d,\"sender\":%d}\n",
                          real.tv_sec * 1000000000LL + real.tv_nsec,
                          monotonic.tv_sec * 1000000000LL + monotonic.tv_nsec, getpid(), number, info->si_pid);
    if (write(record_descriptor(), line, (size_t)length) < 0) {
        /* Nowhere is left to say so. */
    }
    caught = 1;
    errno = before;
}

static int catch_signal(const struct words *words)
{
    int number = (int)number_of(words, 0, 0);
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_RESTART};

    if (number < 1 || number > SIGNALS)
        return EINVAL;
    sigfillset(&action.sa_mask);
    return sigaction(number, &action, NULL) ? errno : 0;
}

static int wait_signal(void)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before); /* or one might come between the look and the wait */
    while (!caught)
        sigsuspend(&before);
    caught = 0;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return 0;
}

/* Write all of a text; 0 or errno. */
static int write_all(int descriptor, const char *text, size_t length)
{
    while (length) {
        ssize_t written = write(descriptor, text, length);
        if (written < 0 && errno != EINTR)
            return errno;
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return 0;
}

static int write_file(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
    if (file < 0)
        return errno;
    int number = write_all(file, text, strlen(text));
    close(file);
    return number;
}

/* 0 where there is a file and each of them begins so; ENODATA where there is none, EBADMSG where one does not. */
static int read_directory(const char *path, const char *beginning)
{
    DIR *directory = opendir(path);
    if (!directory)
        return errno;
    int number = ENODATA;
    const struct dirent *entry;
    while ((number == ENODATA || !number) && (entry = readdir(directory))) {
        char file[PATH_MAX];
        size_t length;
        if (entry->d_name[0] == '.' || snprintf(file, sizeof file, "%s/%s", path, entry->d_name) >= (int)sizeof file)
            continue;
        const char *content = read_file(file, INPUT_BYTES, &length);
        if (!content)
            number = errno;
        else if (length < strlen(beginning) || memcmp(content, beginning, strlen(beginning)) != 0)
            number = EBADMSG;
        else
            number = 0;
    }
    closedir(directory);
    return number;
}

/* Returns 0 or errno. */
static int perform(const char *verb, struct words *words)
{
    char *first = words->text[0];
    char *second = words->text[1];

    if (!strcmp(verb, "exit"))
        exit((int)number_of(words, 0, 0));
    if (!strcmp(verb, "sleep"))
        return sleep_ms(number_of(words, 0, 0)), 0;
    if (!strcmp(verb, "catch"))
        return catch_signal(words);
    if (!strcmp(verb, "waitsignal"))
        return wait_signal();
    if (!strcmp(verb, "must"))
        return must = (int)number_of(words, 0, 1), 0;
    if (!strcmp(verb, "say"))
        return write_all((int)number_of(words, 0, 1), second, strlen(second));
    if (!strcmp(verb, "read"))
        return read_directory(first, second);
    if (!strcmp(verb, "write"))
        return write_file(first, second);
    if (!strcmp(verb, "resolve"))
        return resolve(first, number_of(words, 1, 1), number_of(words, 2, 0)) ? 0 : EHOSTUNREACH;
    if (!strcmp(verb, "kill"))
        return kill(-1, SIGKILL) && errno != ESRCH ? errno : 0;
    if (!strcmp(verb, "feed"))
        return feed(first, second, number_of(words, 2, 0));
    if (!strcmp(verb, "endfeeding"))
        return end_feeding();
    if (!strcmp(verb, "gpus"))
        return look_at_gpus(first, second, number_of(words, 2, 0)), 0;
    return ENOSYS;
}

int stand_in(int count, char **arguments, char *plan)
{
    char *line;

    witness(count, arguments);
    for (int i = 1; (line = strsep(&plan, "\n")); i++) {
        if (!*line)
            continue;
        static char nothing[1];
        struct words words;
        const char *verb = next_word(&line, NULL);
        for (int w = 0; w < WORDS; w++) {
            char *word = next_word(&line, NULL);
            words.text[w] = word ? word : nothing;
        }
        line_begin("begin");
        line_number("line", i);
        line_text("verb", verb);
        line_end();
        int number = perform(verb, &words);
        line_begin("done");
        line_number("line", i);
        line_text("verb", verb);
        line_error(number);
        line_end();
        if (number && must) {
            fprintf(stderr, "conformance: %s %s: %s\n", verb, words.text[0], strerror(number));
            return must;
        }
    }
    return 0;
}
