/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workload of a VM that is a Coordinator: makes a state, takes a manifest over TCP (its digest is
 * nobody's secret, but it names this VM's own host data, so it cannot be in the image), and runs
 * nacre-coordinator until the second connection.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define COORDINATOR "/bin/nacre-coordinator"
#define PORT 5555
#define MANIFEST "/state/manifest.json"

static pid_t start(char *const *argv)
{
    pid_t pid = fork();

    if (pid == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    return pid;
}

static int end_of(pid_t pid)
{
    int status = 0;

    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int control(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (bind(fd, (struct sockaddr *) &at, sizeof at) != 0 || listen(fd, 2) != 0)
        exit(70);
    return fd;
}

static void take_manifest(int from)
{
    char bytes[4096];
    int fd = accept(from, NULL, NULL);
    int out = open(MANIFEST, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) > 0;)
        if (write(out, bytes, (size_t) n) != n)
            exit(71);
    close(out);
    close(fd);
}

int main(void)
{
    char program[] = COORDINATOR, init[] = "init", run[] = "run", state[] = "--state", dir[] = "/state/c";
    char manifest[] = "--manifest", file[] = MANIFEST, evidence[] = "--evidence-socket";
    char sock[] = "/dev/nacre/attest.sock", collateral[] = "--collateral", none[] = "none";
    char root[] = "--test-root", ark[] = "/etc/ark.pem", http[] = "--http-listen",
         metrics[] = "--metrics-listen";
    char *const make[] = {program, init, state, dir, NULL};
    char *const serve[] = {program, run,  state, dir,  manifest, file,    evidence, sock, collateral,
                           none,    root, ark,   http, none,     metrics, none,     NULL};
    int from = control();
    pid_t pid;
    int fd;

    if (end_of(start(make)) != 0)
        return 72;
    printf("waiting=manifest\n");
    fflush(stdout);
    take_manifest(from);
    pid = start(serve);
    fd = accept4(from, NULL, NULL, SOCK_CLOEXEC);
    kill(pid, SIGTERM);
    close(fd);
    return end_of(pid);
}
