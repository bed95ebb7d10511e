/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

#include "hex.h"
#include "initdata_file.h"

#include <stdarg.h>
#include <stdio.h>

void explain_note(struct explain_notes *notes, bool mismatch, const char *format, ...)
{
    va_list args;

    notes->mismatch |= mismatch;
    if (notes->count == EXPLAIN_NOTES_MAX)
        return;
    va_start(args, format);
    (void) vsnprintf(notes->text[notes->count++], EXPLAIN_NOTE_SIZE, format, args);
    va_end(args);
}

void explain_print_notes(const struct explain_notes *notes, FILE *to)
{
    for (size_t i = 0; i < notes->count; i++)
        (void) fprintf(to, "%s\n", notes->text[i]);
}

void explain_write_notes(const struct explain_notes *notes, struct json_write *j)
{
    json_write_array(j, "notes");
    for (size_t i = 0; i < notes->count; i++)
        json_write_str(j, NULL, notes->text[i]);
    json_write_close(j);
}

int explain_host_data(const struct explain_input *in, uint8_t host_data[SNP_HOST_DATA_SIZE], bool *given,
                      struct err *err)
{
    *given = in->host_data || in->initdata;
    if (in->initdata)
        return initdata_file_digest(in->initdata, false, host_data, err);
    if (in->host_data && hex_decode(span_str(in->host_data), host_data, SNP_HOST_DATA_SIZE, err) < 0)
        return err_prefix(err, "--host-data");
    return 0;
}

/* SNP reports have one size; a quote begins with its version, 4 or 5, and is never that long. */
enum command_status explain_report(struct explain_input *in, struct span bytes, FILE *to, struct err *err)
{
    if (bytes.len == SNP_REPORT_SIZE)
        return explain_snp(in, bytes, to, err);
    return explain_tdx(in, bytes, to, err);
}
