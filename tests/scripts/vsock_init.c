/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vsock_init: PID 1 of tests/scripts/test_vsock.py. The agent's own system calls and filter, over vsock: a
 * child listens on the loopback (context id 1), the parent connects as the agent does and gets its own word
 * back.
 */
#include "filter.h"
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 5000 };

/* Send one connection's first bytes back. */
static int echo(int listener)
{
    char buf[64];
    int fd = accept(listener, NULL, NULL);
    ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof buf);

    return n > 0 && write(fd, buf, (size_t) n) == n ? 0 : 1;
}

static int listen_on(unsigned port)
{
    struct sockaddr_vm vm = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = port};
    int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *) &vm, sizeof vm) < 0 || listen(fd, 1) < 0)
        printf("listen: errno %d\n", errno);
    return fd;
}

static int close_filter(void)
{
    struct sock_filter code[FILTER_MAX];
    struct sock_fprog program = {.filter = code};
    struct err err;

    if (os_no_new_privileges() < 0 || filter_build(code, &program.len, &err) < 0)
        return -1;
    return os_filter(&program);
}

/* What the agent does with an address of the policy, up to the first answer. */
static int talk(const char *text)
{
    struct netaddr addr;
    struct err err;
    char buf[64] = "";
    int fd;

    if (close_filter() < 0 || netaddr_parse(span_str(text), &addr, &err) < 0)
        return 1;
    fd = os_connect(&addr);
    if (fd < 0)
        return 2;
    if (os_wait(fd, 1, WAIT_MS) != 1 || os_connected(fd) != 0)
        return 3;
    if (os_write(fd, span_str("pearl")) != 5 || os_wait(fd, 0, WAIT_MS) != 1)
        return 4;
    return os_read(fd, buf, sizeof buf) == 5 && memcmp(buf, "pearl", 5) == 0 ? 0 : 5;
}

static void run(const char *name, const char *addr)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        _exit(talk(addr));
    (void) waitpid(pid, &status, 0);
    if (WIFSIGNALED(status))
        printf("%s: signal %d\n", name, WTERMSIG(status));
    else
        printf("%s: %d\n", name, WEXITSTATUS(status));
}

int main(void)
{
    int console, listener;
    pid_t child;

    (void) mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    console = open("/dev/console", O_WRONLY | O_CLOEXEC);
    if (console >= 0)
        dup2(console, STDOUT_FILENO);
    setvbuf(stdout, NULL, _IONBF, 0);
    listener = listen_on(7777);
    child = fork();
    if (child == 0)
        _exit(echo(listener));
    run("there", "vsock:1:7777");
    run("nobody", "vsock:1:7778");
    (void) kill(child, SIGKILL);
    printf("end\n");
    reboot(RB_POWER_OFF);
    return 0;
}
