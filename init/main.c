/* SPDX-License-Identifier: GPL-2.0-or-later */
/* init: PID 1 of the guest. Takes no options, opens no shell, never exits. */
#include "boot.h"
#include "halt.h"
#include "stages.h"
#include "supervise.h"
#include "sys.h"

#include <unistd.h>

int main(void)
{
    struct boot boot;
    struct boot_end end = {.stage = "console"};

    if (getpid() != 1)
        return 1; /* the end of our work is a power-off: nothing for a running machine */
    boot_init(&boot);
    if (stages_run(&boot, &end) == 0)
        supervise(&boot, &end);
    halt(&boot, &end);
    for (;;)
        sys_power_off();
}
