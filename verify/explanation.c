/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explanation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The lines of text, which is cut up for it. */
static void add_lines(char *text, struct table *t)
{
    while (*text != '\0') {
        const size_t len = strcspn(text, "\n");
        const bool last = text[len] == '\0';

        text[len] = '\0';
        table_line(&t->explanation, "%s", text);
        text += last ? len : len + 1;
    }
}

static int explain(struct explain_input *in, struct span bytes, struct table *t, struct err *err)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    enum command_status status;

    if (to == NULL)
        return err_set(err, ERR_SYS, errno, "no memory");
    status = explain_report(in, bytes, to, err);
    if (fclose(to) == 0 && (status == COMMAND_DONE || status == COMMAND_MISMATCH))
        add_lines(text, t);
    free(text);
    return status == COMMAND_DONE || status == COMMAND_MISMATCH ? 0 : -1;
}

int explanation_add(const struct explanation_args *args, const struct evidence *e, struct table *t,
                    struct err *err)
{
    struct explain_input in = {
        .report = "the evidence", .args = args->vm, .tdx = args->tdx, .also = args->also};
    const bool tdx = e->kind == EVIDENCE_TDX;

    if (args->vm.firmware == NULL) {
        table_line(
            &t->explanation,
            "give --firmware, --kernel, --initrd and --cmdline to learn which settings give this digest");
        return 0;
    }
    return explain(&in, tdx ? e->quote : span_of(e->report, SNP_REPORT_SIZE), t, err);
}
