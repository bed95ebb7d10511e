/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int command_number(const char *name, const char *text, int base, uint64_t max, uint64_t *value,
                   struct err *err)
{
    const char *digits = base == 16 && strncmp(text, "0x", 2) == 0 ? text + 2 : text;
    size_t len = strspn(digits, base == 16 ? "0123456789abcdefABCDEF" : "0123456789");
    unsigned long long v;

    errno = 0;
    v = strtoull(digits, NULL, base);
    if (len == 0 || digits[len] != '\0' || errno != 0 || v > max)
        return err_set(err, ERR_FORMAT, 0, "%s: expected a %s number up to %llu, found '%s'", name,
                       base == 16 ? "hexadecimal" : "decimal", (unsigned long long) max, text);
    *value = v;
    return 0;
}

int command_flush(struct err *err)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return err_set(err, ERR_SYS, errno, "standard output: cannot be written");
    return 0;
}
