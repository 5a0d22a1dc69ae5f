/* Finding a command as a container runtime does: in the container's PATH, or at the path that it names. */

#include "probe.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_executable(const char *path)
{
    struct stat status;
    return !stat(path, &status) && !S_ISDIR(status.st_mode) && !access(path, X_OK);
}

int execute(char **command)
{
    const char *name = command[0];
    if (!name || !*name)
        return ENOENT;
    if (strchr(name, '/')) {
        execv(name, command);
        return errno;
    }
    const char *search = getenv("PATH");
    while (search) {
        size_t length = strcspn(search, ":");
        char path[PATH_MAX];
        int written = snprintf(path, sizeof path, "%.*s/%s", length ? (int)length : 1, length ? search : ".", name);
        search = search[length] ? search + length + 1 : NULL;
        if (written >= (int)sizeof path)
            continue;
        if (is_executable(path)) {
            execv(path, command);
            return errno;
        }
    }
    /* As a runtime says it, also where PATH holds a file of that name that may not be executed. */
    return ENOENT;
}
