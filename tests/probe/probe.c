/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe: the boot tests' workload. Prints what a confined process sees and may do, one key=value a line. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int probe_exit(int argc, char **argv)
{
    return argc > 0 ? atoi(argv[0]) : 0;
}

static int probe_abort(int argc, char **argv)
{
    (void) argc;
    (void) argv;
    abort();
}

/* Wait for SIGTERM, SIGINT, SIGHUP, SIGUSR1 or SIGUSR2; the exit status is the signal's number. */
static int probe_wait(int argc, char **argv)
{
    sigset_t set;
    int seen = 0;

    (void) argc;
    (void) argv;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    printf("waiting=yes\n");
    sigwait(&set, &seen);
    printf("signal=%d\n", seen);
    return seen;
}

static int probe_sleep(int argc, char **argv)
{
    long ms = argc > 0 ? atol(argv[0]) : 1000;
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&t, NULL);
    printf("slept=%ld\n", ms);
    return 0;
}

/* Write argv[1] to the file argv[0], for good. */
static int probe_write(int argc, char **argv)
{
    int fd = argc == 2 ? open(argv[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    ssize_t len = argc == 2 ? (ssize_t) strlen(argv[1]) : 0;

    if (fd < 0 || write(fd, argv[1], (size_t) len) != len || fsync(fd) != 0 || close(fd) != 0) {
        printf("written=%s\n", probe_errno(errno));
        return 1;
    }
    printf("written=%zd\n", len);
    return 0;
}

/* Print the first line of the file argv[0]; further arguments are ignored. */
static int probe_read(int argc, char **argv)
{
    char text[256];
    int fd = argc > 0 ? open(argv[0], O_RDONLY | O_CLOEXEC) : -1;
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;

    if (len < 0) {
        printf("content_error=%s\n", probe_errno(errno));
        return 1;
    }
    text[len] = '\0';
    text[strcspn(text, "\n")] = '\0';
    printf("content=%s\n", text);
    close(fd);
    return 0;
}

/* The five files of Contrast's Initializer: key (path with '_'), mode, and the size of the secret. */
static int probe_secrets(int argc, char **argv)
{
    static const struct {
        const char *key, *path;
    } files[] = {
        {"mesh_ca_pem",             "/contrast/tls-config/mesh-ca.pem"            },
        {"certChain_pem",           "/contrast/tls-config/certChain.pem"          },
        {"coordinator_root_ca_pem", "/contrast/tls-config/coordinator-root-ca.pem"},
        {"key_pem",                 "/contrast/tls-config/key.pem"                },
    };
    static const char seed[] = "/contrast/secrets/workload-secret-seed";
    struct stat st;

    (void) argc;
    (void) argv;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (stat(files[i].path, &st) != 0)
            printf("%s=%s\n", files[i].key, probe_errno(errno));
        else
            printf("%s=%04o\n", files[i].key, (unsigned) st.st_mode & 07777);
    }
    if (stat(seed, &st) != 0)
        printf("workload_secret_seed=%s\n", probe_errno(errno));
    else
        printf("workload_secret_seed=%04o:%jd\n", (unsigned) st.st_mode & 07777, (intmax_t) st.st_size);
    if (stat("/contrast", &st) == 0)
        printf("contrast=%04o:%u:%u\n", (unsigned) st.st_mode & 07777, st.st_uid, st.st_gid);
    probe_writable("contrast_writable", "/contrast/probe");
    return 0;
}

static const struct {
    const char *verb;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"report",    probe_report   },
    {"syscalls",  probe_syscalls },
    {"secrets",   probe_secrets  },
    {"exit",      probe_exit     },
    {"abort",     probe_abort    },
    {"wait",      probe_wait     },
    {"sleep",     probe_sleep    },
    {"write",     probe_write    },
    {"read",      probe_read     },
    {"attest",    probe_attest   },
    {"attest-as", probe_attest_as},
    {"renewal",   probe_renewal  },
    {"date",      probe_date     },
};

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 2)
        return 64;
    printf("probe=%s\n", argv[1]);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(argv[1], verbs[i].verb) == 0)
            return verbs[i].run(argc - 2, argv + 2);
    printf("unknown=%s\n", argv[1]);
    return 64;
}
