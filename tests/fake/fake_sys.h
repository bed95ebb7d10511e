/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake_sys: pretends to be the kernel for PID 1 (init/sys.h), with a good machine: an SNP report, an initdata
 * disk, an image, a volume, one network link, and helpers that do their jobs. Tests break parts of it, or let
 * the Nth call fail.
 */
#ifndef NACRE_FAKE_SYS_H
#define NACRE_FAKE_SYS_H

#include "snp_report.h"
#include "wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FAKE_TEXT_MAX 8192
#define FAKE_JOBS (WIRE_JOB_LAUNCH + 1)
#define FAKE_SECRET_BYTE 0x5a /* the workload secret consists of this byte */

/* What a helper does instead of its job. */
enum fake_helper {
    FAKE_GOOD = 0,
    FAKE_KILLED,      /* dies by SIGILL after START */
    FAKE_EXITS,       /* exits with 3 after START, without a word */
    FAKE_BAD_EXIT,    /* says DONE, exits with 3 */
    FAKE_SILENT,      /* does nothing until its time is up */
    FAKE_LINGERS,     /* says DONE, closes, does not exit */
    FAKE_FAILED,      /* says FAILED denied "it said no" */
    FAKE_UNKNOWN,     /* sends a message of type 77 */
    FAKE_SHORT,       /* sends 3 bytes */
    FAKE_LONG,        /* sends more than WIRE_MESSAGE_MAX bytes */
    FAKE_TALKS,       /* says DONE twice */
    FAKE_OTHER_JOB,   /* sends a message that its job does not have */
    FAKE_NO_DONE,     /* the agent: CERTIFICATES, then closes and exits with 0 */
    FAKE_NO_JOIN,     /* the agent: READY, without a join */
    FAKE_EPOCHS,      /* the agent: CERTIFICATES with epochs of three volumes */
    FAKE_NO_SECRET,   /* the agent: CERTIFICATES without a workload secret */
    FAKE_RESETS,      /* closes with unread bytes: ECONNRESET; exits with 0 */
    FAKE_CLOSES,      /* init-launch: closes its socket and stays */
    FAKE_SHORT_LIVED, /* init-launch: the workload has ended before PID 1 looks */
};

/* What the agent does while the workload runs. */
enum fake_later {
    FAKE_LATER_NOTHING = 0,
    FAKE_LATER_RENEWS,       /* CERTIFICATES with other contents */
    FAKE_LATER_OTHER_SECRET, /* the same, with another workload secret */
    FAKE_LATER_ASKS,         /* REPORT_REQUEST */
    FAKE_LATER_FAILS,        /* FAILED timeout "it has ended", and exits with 1 */
    FAKE_LATER_FAILS_UNSEEN, /* the same, and PID 1 sees the death first */
    FAKE_LATER_KILLED,       /* dies by SIGKILL */
    FAKE_LATER_EXITS,        /* exits with 0 without a word */
    FAKE_LATER_CLOSES,       /* closes its socket and stays */
    FAKE_LATER_READY,        /* READY again */
    FAKE_LATER_GARBAGE,      /* 3 bytes */
};

struct fake {
    /* The fault: call number fail_at (1 is the first) fails with fail_errno; 0: none. */
    int calls;
    int fail_at;
    int fail_errno;

    /* The machine. */
    struct snp_report report; /* report data is filled in for each request */
    bool other_report_data;   /* the report carries another one */
    bool no_tee;              /* mkdir in configfs-tsm gives ENXIO */
    bool tdx;                 /* a TDX quote with the report's host data as MRCONFIGID, no auxblob */
    uint64_t tdx_attributes;
    size_t (*quote)(const uint8_t *report_data, uint8_t *out, size_t cap); /* NULL: header and body only */
    const char *provider; /* if not NULL: another provider's name, with a newline */
    bool odd_generation;  /* the generation is no number */
    int report_races;     /* so many requests find that somebody else has written to the entry */
    enum fake_helper helper[FAKE_JOBS];
    int workload_status;      /* how the workload ends */
    int workload_signal;      /* if not 0: by this signal */
    enum fake_later later[4]; /* after the signals, in this order; 0 ends the list */
    int signals[4];           /* come before the workload's end; 0 ends the list */
    int rng_waits;            /* so many getrandom calls give EAGAIN first */
    uint64_t rdrand_step;     /* 0: RDRAND is stuck */
    bool no_rdrand;
    int64_t clock_s;
    uint64_t coordinator_time_s; /* what the agent brings; 0: nothing */
    int busy_umounts;            /* so many umounts give EBUSY first */
    bool no_console;             /* /dev/console gives ENODEV */
    bool no_shell;               /* the dev shell is not there */

    /* What has happened. */
    int helpers;   /* helpers started */
    int shells;    /* dev shells started */
    int workloads; /* workloads that run or ran */
    int kills;     /* SIGKILLs */
    int forwarded; /* other signals sent to the workload */
    int last_forwarded;
    int refused_reports; /* replies that said: no report */
    bool no_report;      /* no report can be had any more */
    int power_offs;
    int syncs;
    int umounts;   /* done */
    int dirty;     /* locked memory that was given back with bytes in it */
    int reports;   /* requests answered */
    int listeners; /* programs that got a socket that listens */
    bool lo_up;
    bool eth_up;
    bool gateway;
    char console[FAKE_TEXT_MAX]; /* what PID 1 has written there */
    char record[FAKE_TEXT_MAX];  /* and to the port */
    int launch_output;           /* sys_spawn's output of init-launch */
};
extern struct fake fake;

/* A good machine, with no fault. */
void fake_reset(void);
/* Give path this content; len bytes, borrowed. NULL takes the file away. */
void fake_file(const char *path, const void *data, size_t len);
void fake_text(const char *path, const char *text);
/* The file's bytes as they are now (NULL: no such file), its mode and owner. */
const uint8_t *fake_content(const char *path, size_t *len, unsigned int *mode, uid_t *uid);
/* Put this policy on the initdata disk, and its digest into the report. */
void fake_policy(const char *json);
/* Put this document on the disk; the report keeps its host data. */
void fake_document(const char *document);
/* Descriptors that are open, 0, 1 and 2 not counted; children not reaped; folders left in configfs. */
int fake_open_descriptors(void);
int fake_children(void);
int fake_entries(void);

extern const char fake_good_policy[];

#endif
