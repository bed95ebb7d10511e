/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vsock_lab: first program of the guest of tests/boot/test_vsock.py. Starts a Coordinator in a process of its
 * own, from the disk (erofs) that holds the file "args", and becomes the image's PID 1. What it mounts only
 * the Coordinator sees.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARGS_MAX = 32, TEXT_MAX = 4096, LAST_DISK = 'h' };

#define LAB "/lab"

static int fail(const char *what)
{
    dprintf(STDERR_FILENO, "vsock_lab: %s: %m\n", what);
    return 1;
}

/* Mount the disk at LAB. The image's own disk is an erofs too. */
static int mount_disk(void)
{
    char device[] = "/dev/vda";

    for (; device[7] <= LAST_DISK; device[7]++) {
        if (mount(device, LAB, "erofs", MS_RDONLY, NULL) != 0)
            continue;
        if (access(LAB "/args", R_OK) == 0)
            return 0;
        (void) umount(LAB);
    }
    return -1;
}

static int copy_file(const char *name)
{
    char from[512], to[512], buf[TEXT_MAX];
    ssize_t n = 0;
    int in, out;

    (void) snprintf(from, sizeof from, "/seed/%s", name);
    (void) snprintf(to, sizeof to, "/state/%s", name);
    in = open(from, O_RDONLY | O_CLOEXEC);
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    while (in >= 0 && out >= 0 && (n = read(in, buf, sizeof buf)) > 0)
        if (write(out, buf, (size_t) n) != n)
            return -1;
    return in >= 0 && out >= 0 && n == 0 ? 0 : -1;
}

/* The Coordinator's state is on a file system that it can write to. */
static int copy_state(void)
{
    struct dirent *e;
    DIR *dir = opendir("/seed");

    if (!dir || mount("tmpfs", "/state", "tmpfs", 0, "mode=0700") != 0)
        return -1;
    while ((e = readdir(dir)) != NULL)
        if (e->d_name[0] != '.' && copy_file(e->d_name) != 0)
            return -1;
    return closedir(dir);
}

static int read_args(char text[TEXT_MAX], char *argv[ARGS_MAX + 1])
{
    int fd = open("/args", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, TEXT_MAX - 1);
    int n = 0;

    if (len <= 0)
        return -1;
    text[len] = '\0';
    for (char *word = strtok(text, "\n"); word && n < ARGS_MAX; word = strtok(NULL, "\n"))
        argv[n++] = word;
    argv[n] = NULL;
    return 0;
}

static int coordinator(void)
{
    char text[TEXT_MAX];
    char *argv[ARGS_MAX + 1];
    int console;

    /* Busy: PID 1 was faster, and its /dev is here too. */
    if (unshare(CLONE_NEWNS) != 0 || (mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) != 0 && errno != EBUSY))
        return 1;
    console = open("/dev/console", O_WRONLY);
    if (console < 0 || dup2(console, STDOUT_FILENO) < 0 || dup2(console, STDERR_FILENO) < 0)
        return 1;
    if (mount_disk() != 0 || chroot(LAB) != 0 || chdir("/") != 0)
        return fail("disk");
    if (copy_state() != 0 || read_args(text, argv) != 0)
        return fail("state");
    execv(argv[0], argv);
    return fail(argv[0]);
}

int main(int argc, char **argv)
{
    (void) argc;
    (void) mkdir(LAB, 0700);
    if (fork() == 0)
        _exit(coordinator());
    argv[0] = "/init";
    execv(argv[0], argv);
    return 1;
}
