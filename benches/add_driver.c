/*
 * Adds driver packages to an image and saves it, through the C ABI: the engine's side of the
 * benchmarks, in a process of its own so that process start counts on both sides.
 *
 *     add_driver IMAGE INDEX FOLDER...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imgsvc.h"

/* UTF-8 to UTF-16; the paths of a benchmark are valid and outside no plane, so errors end it. */
static uint16_t *utf16(const char *text)
{
    uint16_t *out = malloc((strlen(text) + 1) * sizeof *out);
    uint16_t *at = out;
    const unsigned char *in = (const unsigned char *)text;

    if (out == NULL)
        abort();
    while (*in != 0) {
        uint32_t point = *in++;
        int more = point < 0x80 ? 0 : point < 0xE0 ? 1 : point < 0xF0 ? 2 : 3;

        if (more > 0)
            point &= 0x3Fu >> more;
        for (; more > 0 && (*in & 0xC0) == 0x80; more--)
            point = point << 6 | (*in++ & 0x3F);
        if (more > 0)
            abort();
        if (point >= 0x10000) {
            *at++ = (uint16_t)(0xD800 + ((point - 0x10000) >> 10));
            point = 0xDC00 + ((point - 0x10000) & 0x3FF);
        }
        *at++ = (uint16_t)point;
    }
    *at = 0;
    return out;
}

static void print16(FILE *to, const uint16_t *text)
{
    for (; text != NULL && *text != 0; text++)
        fputc(*text < 0x80 ? (int)*text : '?', to);
}

static void check(imgsvc_status status, imgsvc_error *error, const char *what)
{
    if (status == IMGSVC_STATUS_OK)
        return;
    fprintf(stderr, "%s: status %d: ", what, (int)status);
    print16(stderr, imgsvc_error_message(error));
    fputc('\n', stderr);
    imgsvc_error_free(error);
    exit(1);
}

/* A document is not NUL-terminated. */
static int contains(const imgsvc_document *document, const char *text)
{
    const char *data = (const char *)imgsvc_document_data(document);
    size_t length = imgsvc_document_length(document), wanted = strlen(text);

    for (size_t at = 0; at + wanted <= length; at++)
        if (memcmp(data + at, text, wanted) == 0)
            return 1;
    return 0;
}

/* Prints a document when IMGSVC_BENCH_VERBOSE asks for it, and frees it. */
static void done(imgsvc_document *document)
{
    if (getenv("IMGSVC_BENCH_VERBOSE") != NULL) {
        fwrite(imgsvc_document_data(document), 1, imgsvc_document_length(document), stdout);
        fputc('\n', stdout);
    }
    imgsvc_document_free(document);
}

int main(int argc, char **argv)
{
    imgsvc_session *session = NULL;
    imgsvc_document *document = NULL;
    imgsvc_error *error = NULL;
    imgsvc_status status;
    const uint16_t **folders;
    uint16_t *image;
    uint16_t *options;
    size_t count;

    if (argc < 4) {
        fprintf(stderr, "usage: %s IMAGE INDEX FOLDER...\n", argv[0]);
        return 2;
    }
    count = (size_t)argc - 3;
    folders = malloc(count * sizeof *folders);
    if (folders == NULL)
        abort();
    for (size_t at = 0; at < count; at++)
        folders[at] = utf16(argv[at + 3]);
    image = utf16(argv[1]);
    options = utf16("{\"recurse\": true}");

    status = imgsvc_session_mount(image, (uint32_t)atoi(argv[2]), NULL, NULL, 0, NULL, NULL, &session, &error);
    check(status, error, "mount");
    status = imgsvc_driver_add(session, folders, count, options, NULL, NULL, &document, &error);
    check(status, error, "add");
    if (contains(document, "\"Failed\"")) {
        fwrite(imgsvc_document_data(document), 1, imgsvc_document_length(document), stderr);
        fputs("\na driver was not added\n", stderr);
        return 1;
    }
    done(document);
    status = imgsvc_session_save(session, 0, 0, NULL, NULL, &document, &error);
    check(status, error, "save");
    done(document);
    status = imgsvc_session_discard(session, &error);
    check(status, error, "discard");
    imgsvc_session_free(session);
    return 0;
}
