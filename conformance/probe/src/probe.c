/* The probe: shows what really happens inside a container, with or without a shell.
 *
 * One static binary is put into a created container together with a plan and an empty record:
 *
 *     /.conformance/probe   this program
 *     /.conformance/plan    what it is to be, in its first line, and to do
 *     /.conformance/record  what it saw: one JSON object a line
 *     /.conformance/key     what its lines are sealed with, if anything; see record.h
 *
 * The plan and not the command line decides, because command line and environment are what is witnessed.
 *
 *     trace [LIMIT [PART]]  run the command that the arguments name, and record its processes and signals, and which
 *                           file each had mapped at its end whose path has this part; what the next line says is for
 *                           halt_plan()
 *     report                record what the container looks like from inside, then do what the next lines say
 *     answer [LIMIT]        answer for the names of the next lines, and record who asked
 */

#include "probe.h"

#include "halt.h"
#include "record.h"
#include "resolver.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define PLAN_PATH "/.conformance/plan"
#define PLAN_BYTES ((size_t)16 << 20)
#define RECORD_BYTES ((size_t)32 << 20)

/* A shell's status for what it cannot even begin. */
#define BROKEN 125

int main(int count, char **arguments)
{
    size_t length;
    record_take_key();
    const char *content = read_file(PLAN_PATH, PLAN_BYTES, &length);
    char *plan = content ? strndup(content, length) : NULL;
    if (!plan) {
        fputs("probe: there is no plan at " PLAN_PATH "\n", stderr);
        return BROKEN;
    }
    char *rest = plan;
    char *line = strsep(&rest, "\n");
    char *mode = next_word(&line, NULL);
    if (!strcmp(mode, "trace")) {
        char *limit = next_word(&line, NULL);
        char *mapped = next_word(&line, NULL);
        halt_plan(strsep(&rest, "\n"));
        return trace(arguments + 1, limit ? strtoul(limit, NULL, 10) : RECORD_BYTES, mapped);
    }
    if (!strcmp(mode, "report")) {
        if (record_is_sealed())
            prctl(PR_SET_DUMPABLE, 0); /* what it runs may not read the key in its memory */
        record_open(RECORD_BYTES);
        return stand_in(count, arguments, rest);
    }
    if (!strcmp(mode, "answer")) {
        char *limit = next_word(&line, NULL);
        record_open(limit ? strtoul(limit, NULL, 10) : RECORD_BYTES);
        return answer(rest);
    }
    fprintf(stderr, "probe: the plan says neither trace, report nor answer, but '%s'\n", mode);
    return BROKEN;
}
