/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* "PAGES RESIDENT ...", in pages. */
static void memory(struct metrics_process *out)
{
    const uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
    char line[128] = "";
    char *at = line;
    FILE *f = fopen("/proc/self/statm", "re");

    if (f == NULL)
        return;
    if (fgets(line, sizeof line, f) != NULL) {
        out->virtual_bytes = strtoull(at, &at, 10) * page;
        out->resident_bytes = strtoull(at, &at, 10) * page;
    }
    (void) fclose(f);
}

static void files(struct metrics_process *out)
{
    DIR *dir = opendir("/proc/self/fd");

    if (dir == NULL)
        return;
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        out->open_files += e->d_name[0] != '.';
    out->open_files--; /* the folder itself */
    (void) closedir(dir);
}

static uint64_t milliseconds(const struct timeval *t)
{
    return (uint64_t) t->tv_sec * 1000 + (uint64_t) t->tv_usec / 1000;
}

void metrics_process(struct metrics_process *out)
{
    struct rusage usage = {0};

    *out = (struct metrics_process){0};
    memory(out);
    files(out);
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        out->cpu_ms = milliseconds(&usage.ru_utime) + milliseconds(&usage.ru_stime);
}
