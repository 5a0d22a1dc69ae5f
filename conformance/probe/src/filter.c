#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* Where sendto has its fifth argument, the address, whose two halves are looked at apart. */
#define ADDRESS offsetof(struct seccomp_data, args[4])

static int install(struct sock_filter *instructions, size_t count)
{
    struct sock_fprog filter = {(unsigned short)count, instructions};

    if (!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
        return 0;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
        return errno;
    return 0;
}

/* Calls of 32-bit programs, and those by the numbers of x32, pass unseen. send(3) is sendto without an address: that
 * passes too, as programs call it often. */
int filter_calls(void)
{
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 9),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 6, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_connect, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendto, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ADDRESS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ADDRESS + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return install(instructions, sizeof instructions / sizeof *instructions);
}

static const int uses[] = {SYS_open,   SYS_openat,   SYS_openat2,  SYS_creat,
                           SYS_rename, SYS_renameat, SYS_renameat2};

#define USES (sizeof uses / sizeof *uses)

int filter_uses(void)
{
    struct sock_filter instructions[USES + 5] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, USES + 1),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        [USES + 3] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        [USES + 4] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
    };
    for (size_t at = 0; at < USES; at++)
        instructions[3 + at] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)uses[at], USES - at, 0);
    return install(instructions, sizeof instructions / sizeof *instructions);
}

int is_use(long long call)
{
    for (size_t at = 0; at < USES; at++)
        if (call == uses[at])
            return 1;
    return 0;
}
