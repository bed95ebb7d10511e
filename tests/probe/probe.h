/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe: what the parts of the boot tests' workload share. */
#ifndef NACRE_TESTS_PROBE_H
#define NACRE_TESTS_PROBE_H

/* The name of an errno value ("EPERM"), or its text where we have no name. */
const char *probe_errno(int value);
/* Print key=yes if a file can be made at path (it is removed again), else key=no. */
void probe_writable(const char *key, const char *path);

/* The verbs that are long enough for files of their own; argv holds what follows the verb. */
int probe_attest(int argc, char **argv);
int probe_attest_as(int argc, char **argv);
int probe_renewal(int argc, char **argv);
int probe_date(int argc, char **argv);
int probe_report(int argc, char **argv);
int probe_syscalls(int argc, char **argv);

#endif
