/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages.h"

#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

/* 0, 1 and 2: /dev/null for input, for output the console. PID 1 itself keeps no other descriptor. */
static int place(int null, int console, struct err *err)
{
    int r = sys_dup_to(null, 0);

    if (r >= 0)
        r = sys_dup_to(console, 1);
    if (r >= 0)
        r = sys_dup_to(console, 2);
    return r < 0 ? err_set(err, ERR_SYS, -r, "take the place of standard input and output") : 0;
}

/* The console, or the kernel log where the measured command line names no console. */
static int open_console(void)
{
    int fd = sys_open("/dev/console", O_WRONLY | O_NONBLOCK, 0);

    return fd == -ENODEV ? sys_open("/dev/kmsg", O_WRONLY, 0) : fd;
}

/* /dev comes here and not in earlyfs, since the console lives in it. */
static int mount_dev(struct err *err)
{
    int r = sys_mkdir("/dev", 0755);

    if (r < 0 && r != -EEXIST)
        return err_set(err, ERR_SYS, -r, "mkdir /dev");
    r = sys_mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755");
    return r < 0 ? err_set(err, ERR_SYS, -r, "mount /dev") : 0;
}

int stage_console(struct boot *boot, struct err *err)
{
    int r;

    boot->start_ns = sys_now_ns();
    r = sys_signals_init();
    if (r >= 0)
        r = sys_protect_self();
    if (r < 0)
        return err_set(err, ERR_SYS, -r, "set up PID 1's signals and limits");
    if (mount_dev(err) < 0)
        return -1;
    AUTO_FD null = sys_open("/dev/null", O_RDWR, 0);
    AUTO_FD console = open_console();
    if (null < 0)
        return err_set(err, ERR_SYS, -null, "open /dev/null");
    if (console < 0)
        return err_set(err, ERR_SYS, -console, "open /dev/console");
    if (place(null, console, err) < 0)
        return -1;
    log_start(&boot->log, 1);
    return 0;
}
