/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe report: identity, privileges, limits, namespaces, mounts, descriptors. */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;

const char *probe_errno(int value)
{
    switch (value) {
    case EPERM:
        return "EPERM";
    case ENOENT:
        return "ENOENT";
    case EACCES:
        return "EACCES";
    case EROFS:
        return "EROFS";
    case ENOSYS:
        return "ENOSYS";
    case EINVAL:
        return "EINVAL";
    case EFAULT:
        return "EFAULT";
    case EBADF:
        return "EBADF";
    case ENOSPC:
        return "ENOSPC";
    case EIO:
        return "EIO";
    default:
        return strerror(value);
    }
}

void probe_writable(const char *key, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    printf("%s=%s\n", key, fd >= 0 ? "yes" : "no");
    if (fd < 0)
        return;
    close(fd);
    unlink(path);
}

/* The lines of /proc/self/status that say what this process may do. */
static void status(void)
{
    static const char *const names[][2] = {
        {"CapInh:",     "cap_inh"     },
        {"CapPrm:",     "cap_prm"     },
        {"CapEff:",     "cap_eff"     },
        {"CapBnd:",     "cap_bnd"     },
        {"CapAmb:",     "cap_amb"     },
        {"NoNewPrivs:", "no_new_privs"},
        {"Seccomp:",    "seccomp"     },
    };
    char line[256];
    FILE *f = fopen("/proc/self/status", "re");

    if (f == NULL) {
        printf("status_error=%s\n", probe_errno(errno));
        return;
    }
    while (fgets(line, sizeof line, f) != NULL)
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (strncmp(line, names[i][0], strlen(names[i][0])) == 0)
                printf("%s=%s", names[i][1], line + strlen(names[i][0]) + 1);
    fclose(f);
}

static void identity(void)
{
    gid_t groups[64];
    int n = getgroups(64, groups);
    char text[256] = "?";

    printf("pid=%d\nppid=%d\nuid=%u\ngid=%u\ngroups=", getpid(), getppid(), geteuid(), getegid());
    for (int i = 0; i < n; i++)
        printf("%s%u", i > 0 ? "," : "", groups[i]);
    gethostname(text, sizeof text);
    printf("\nhostname=%s\n", text);
    printf("cwd=%s\nenv=", getcwd(text, sizeof text) != NULL ? text : probe_errno(errno));
    for (char **e = environ; *e != NULL; e++)
        printf("%s%s", e != environ ? "," : "", *e);
    printf("\n");
}

static void namespaces(void)
{
    static const char *const names[] = {"mnt", "pid", "ipc", "uts", "cgroup", "net", "user"};
    char path[64], target[64];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
        ssize_t n = readlink(path, target, sizeof target - 1);
        target[n > 0 ? n : 0] = '\0';
        printf("ns_%s=%s\n", names[i], target);
    }
}

/* mounts=PATH:TYPE:FIRST OPTIONS;... with the options that matter for confinement only */
static void mounts(void)
{
    static const char *const wanted[] = {"ro", "nosuid", "nodev", "noexec"};
    char line[1024], path[256], type[64], options[512];
    FILE *f = fopen("/proc/self/mounts", "re");

    if (f == NULL)
        return;
    printf("mounts=");
    while (fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "%*s %255s %63s %511s", path, type, options) != 3)
            continue;
        printf("%s:%s:", path, type);
        const char *separator = "";
        for (char *o = strtok(options, ","); o != NULL; o = strtok(NULL, ",")) {
            for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
                if (strcmp(o, wanted[i]) == 0) {
                    printf("%s%s", separator, o);
                    separator = ",";
                }
            }
        }
        printf(";");
    }
    printf("\n");
    fclose(f);
}

static int compare(const void *a, const void *b)
{
    return *(const int *) a - *(const int *) b;
}

static void descriptors(void)
{
    int fds[256], n = 0;
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *e;

    if (dir == NULL)
        return;
    while ((e = readdir(dir)) != NULL && n < 256)
        if (e->d_name[0] != '.' && atoi(e->d_name) != dirfd(dir))
            fds[n++] = atoi(e->d_name);
    closedir(dir);
    qsort(fds, (size_t) n, sizeof fds[0], compare);
    printf("fds=");
    for (int i = 0; i < n; i++)
        printf("%s%d", i > 0 ? "," : "", fds[i]);
    printf("\n");
}

/* What reading a masked file gives: the number of bytes, or the error. */
static void masked(const char *key, const char *path)
{
    char bytes[64];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, bytes, sizeof bytes) : -1;

    if (n < 0)
        printf("%s=%s\n", key, probe_errno(errno));
    else
        printf("%s=%zd\n", key, n);
    if (fd >= 0)
        close(fd);
}

/* Names in a folder, so that a private /dev or a masked folder can be told. */
static void names(const char *key, const char *path)
{
    struct dirent **list;
    int n = scandir(path, &list, NULL, alphasort);
    const char *separator = "";

    printf("%s=", key);
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i]->d_name, ".") != 0 && strcmp(list[i]->d_name, "..") != 0) {
            printf("%s%s", separator, list[i]->d_name);
            separator = ",";
        }
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    printf("\n");
}

int probe_report(int argc, char **argv)
{
    struct rlimit limit = {0};

    (void) argc;
    (void) argv;
    identity();
    status();
    getrlimit(RLIMIT_NOFILE, &limit);
    printf("nofile=%llu:%llu\n", (unsigned long long) limit.rlim_cur, (unsigned long long) limit.rlim_max);
    namespaces();
    mounts();
    descriptors();
    probe_writable("root_writable", "/probe");
    probe_writable("etc_writable", "/etc/probe");
    probe_writable("tmp_writable", "/tmp/probe");
    probe_writable("dev_writable", "/dev/probe");
    printf("proc_sys_writable=%s\n", access("/proc/sys/kernel/hostname", W_OK) == 0 ? "yes" : "no");
    masked("kcore", "/proc/kcore");
    masked("timer_list", "/proc/timer_list");
    names("dev", "/dev");
    names("sys", "/sys");
    names("run", "/run");
    return 0;
}
