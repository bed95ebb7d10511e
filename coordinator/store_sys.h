/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store_sys: the system calls that change the store. The tests put others in their place: ones that fail, and
 * ones that end the process in the middle. All return 0 (create: a descriptor) or -errno.
 */
#ifndef NACRE_STORE_SYS_H
#define NACRE_STORE_SYS_H

#include "span.h"

struct store_sys {
    void *ctx;
    int (*make_dir)(void *ctx, int dir, const char *name); /* mode 0700; one that is there is fine */
    int (*create)(void *ctx, int dir, const char *name);   /* mode 0600, for writing; must not be there */
    int (*write)(void *ctx, int fd, struct span bytes);    /* all of them */
    int (*sync)(void *ctx, int fd);                        /* a file or a folder */
    int (*rename)(void *ctx, int dir, const char *from, const char *to);
    int (*unlink)(void *ctx, int dir, const char *name);
};

extern const struct store_sys store_sys_linux;

#endif
