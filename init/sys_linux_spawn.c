/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of sys_linux that starts programs. */
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_FD 5 /* in a child before its execve: where the errno goes if that fails */
#define SPARE_FD 16 /* where a child parks descriptors while it puts others into place */

/* In the child. Put fd where it belongs, open over the execve; -1 closes the place. */
static int place(int fd, int at)
{
    if (fd < 0)
        return close(at) < 0 && errno != EBADF ? -1 : 0;
    return dup2(fd, at) < 0 ? -1 : 0;
}

/* In the child: become the program. Comes back only on failure. */
static void become(const struct sys_spawn *s, int status_fd)
{
    sigset_t none;
    int output = fcntl(s->output >= 0 ? s->output : STDIN_FILENO, F_DUPFD_CLOEXEC, SPARE_FD);
    int input = fcntl(s->input >= 0 ? s->input : STDIN_FILENO, F_DUPFD_CLOEXEC, SPARE_FD);
    int sock = s->socket >= 0 ? fcntl(s->socket, F_DUPFD_CLOEXEC, SPARE_FD) : -1;
    int listener = s->listener >= 0 ? fcntl(s->listener, F_DUPFD_CLOEXEC, SPARE_FD) : -1;

    if (output < 0 || input < 0 || (s->socket >= 0 && sock < 0) || (s->listener >= 0 && listener < 0))
        return;
    if (status_fd != STATUS_FD && dup3(status_fd, STATUS_FD, O_CLOEXEC) < 0)
        return;
    if (place(input, 0) < 0 || place(output, 1) < 0 || place(output, 2) < 0 ||
        place(sock, SYS_HELPER_FD) < 0 || place(listener, SYS_LISTEN_FD) < 0)
        return;
    if (syscall(SYS_close_range, STATUS_FD + 1, ~0U, 0) < 0)
        return;
    if (setsid() < 0 || (s->terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0))
        return;
    (void) sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
        return;
    (void) execve(s->path, s->argv, s->envp);
}

/* In the child, from its first instruction to its last. */
static _Noreturn void child(const struct sys_spawn *s, const int status[2])
{
    int parked = fcntl(status[1], F_DUPFD_CLOEXEC, SPARE_FD);
    int why;

    if (parked >= 0)
        become(s, parked);
    why = errno;
    (void) !write(parked >= 0 ? parked : status[1], &why, sizeof why); /* one of the two is still open */
    (void) !write(STATUS_FD, &why, sizeof why);
    _exit(127);
}

/* 0 when the execve was done, -errno when it was not. */
static int exec_result(int fd)
{
    int why = 0;
    ssize_t n = sys_read(fd, &why, sizeof why);

    if (n == 0)
        return 0;
    return n == (ssize_t) sizeof why && why > 0 ? -why : -EIO;
}

pid_t sys_spawn(const struct sys_spawn *spawn)
{
    int status[2];
    long pid;
    int r;

    if (pipe2(status, O_CLOEXEC) < 0)
        return -errno;
    /* clone(2) as fork with namespaces: no shared memory, so the child may do as it likes. */
    pid = syscall(SYS_clone, (unsigned long) (SIGCHLD | spawn->namespaces), 0, 0, 0, 0);
    if (pid == 0)
        child(spawn, status);
    r = pid < 0 ? -errno : 0;
    (void) close(status[1]);
    if (r == 0)
        r = exec_result(status[0]);
    (void) close(status[0]);
    if (r < 0 && pid > 0)
        (void) waitpid((pid_t) pid, NULL, 0);
    return r < 0 ? r : (pid_t) pid;
}
