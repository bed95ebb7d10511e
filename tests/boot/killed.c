/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for a helper: takes its START message from descriptor 3 and dies by SIGILL.
 * A fault, since the first process of a PID namespace does not die by a signal that it sends itself. */
#include <sys/socket.h>

int main(void)
{
    unsigned char head[8];

    if (recv(3, head, sizeof head, 0) < 0)
        return 1;
    __builtin_trap();
}
