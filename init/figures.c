/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "figures.h"

#include "file.h"
#include "sys.h"

#include <stdlib.h>
#include <string.h>

#define STATM "/proc/self/statm"
#define MEMINFO "/proc/meminfo"
#define TEXT_MAX 4096 /* bytes of either file with a NUL: the longer one has 1.5 KB */
#define PAGE_KIB 4

static int read_text(const char *path, char text[TEXT_MAX], struct err *err)
{
    size_t len;

    if (file_read(path, text, TEXT_MAX - 1, &len, err) < 0)
        return -1;
    text[len] = '\0';
    return 0;
}

/* The decimal number behind `label` in text, spaces between them skipped. */
static int number_after(const char *text, const char *label, const char *path, unsigned long *value,
                        struct err *err)
{
    const char *at = strstr(text, label);
    unsigned long n;
    char *end;

    if (at == NULL)
        return err_set(err, ERR_FORMAT, 0, "%s: no '%s'", path, label);
    at += strlen(label);
    n = strtoul(at, &end, 10);
    if (end == at)
        return err_set(err, ERR_FORMAT, 0, "%s: no number behind '%s'", path, label);
    *value = n;
    return 0;
}

int figures_say(struct log *log, uint64_t start_ns, struct err *err)
{
    char text[TEXT_MAX];
    unsigned long pages, total, available;
    unsigned long long kernel_us = start_ns / 1000;
    unsigned long long init_us = (sys_now_ns() - start_ns) / 1000;

    if (log->level != LOG_INFO)
        return 0;
    /* statm: total pages, a space, resident pages */
    if (read_text(STATM, text, err) < 0 || number_after(text, " ", STATM, &pages, err) < 0)
        return -1;
    if (read_text(MEMINFO, text, err) < 0 || number_after(text, "MemTotal:", MEMINFO, &total, err) < 0 ||
        number_after(text, "MemAvailable:", MEMINFO, &available, err) < 0)
        return -1;
    log_info(log, "figures kernel_ms=%llu.%03llu init_ms=%llu.%03llu init_rss_kib=%lu guest_used_kib=%lu",
             kernel_us / 1000, kernel_us % 1000, init_us / 1000, init_us % 1000, pages * PAGE_KIB,
             total - available);
    return 0;
}
