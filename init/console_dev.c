/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build.h"

#include "sys.h"

#include <errno.h>
#include <fcntl.h>

#define SHELL "/bin/busybox"

int console_shell(const struct cmdline *cmdline, struct err *err)
{
    char name[] = "sh", path[] = "PATH=/bin:/sbin", home[] = "HOME=/", term[] = "TERM=dumb";
    char *const argv[] = {name, NULL};
    char *const envp[] = {path, home, term, NULL};
    int pid;

    if (!cmdline->dev)
        return 0;
    AUTO_FD fd = sys_open("/dev/console", O_RDWR, 0);
    if (fd < 0)
        return err_set(err, ERR_SYS, -fd, "open /dev/console");
    pid = sys_spawn(&(struct sys_spawn){.path = SHELL,
                                        .argv = argv,
                                        .envp = envp,
                                        .input = fd,
                                        .output = fd,
                                        .socket = -1,
                                        .listener = -1,
                                        .terminal = true});
    if (pid < 0 && pid != -ENOENT) /* a dev image without a shell is one without a shell */
        return err_set(err, ERR_SYS, -pid, "start " SHELL);
    return 0;
}
