/* Calls of the kernel, and lines on stdout: these programs have no C library of their own. */

#ifndef RAW_H
#define RAW_H

#include <stddef.h>

#define SYS_READ 0
#define SYS_WRITE 1
#define SYS_OPEN 2
#define SYS_CLOSE 3
#define SYS_EXIT_GROUP 231

/* The process begins here: the kernel leaves the stack aligned and the count of the arguments on top of it. */
#define ENTRY(function)                                                                                               \
    __asm__(".globl _start\n_start:\n\txorl %ebp, %ebp\n\tmovq %rsp, %rdi\n\tandq $-16, %rsp\n\tcall " #function       \
            "\n\thlt\n")

static inline long call(long number, long first, long second, long third)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second), "d"(third)
                     : "rcx", "r11", "memory");
    return result;
}

static inline size_t length_of(const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    return length;
}

static inline void say(const char *text)
{
    call(SYS_WRITE, 1, (long)text, (long)length_of(text));
}

static inline void say_number(long number)
{
    char digits[24];
    char *to = digits + sizeof digits - 1;
    unsigned long left = number < 0 ? 0UL - (unsigned long)number : (unsigned long)number;

    *to = '\0';
    do
        *--to = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        *--to = '-';
    say(to);
}

_Noreturn static inline void leave(int status)
{
    for (;;)
        call(SYS_EXIT_GROUP, status, 0, 0);
}

#endif
