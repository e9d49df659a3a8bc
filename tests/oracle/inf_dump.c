/* Prints what SetupAPI reads in INFs: every section, line, key and field, %token% replaced.
 *
 * usage: inf_dump.exe <list> <output>
 * <list> has one path on each line. The output has, for each INF, a line `F <path>`, then for each
 * section a line `S <name>`, and for each of its lines `L`, the key (`-` if there is none) and the
 * fields, each after a tab, with \ TAB CR LF escaped; `E <number>` if the INF cannot be opened.
 *
 * Built with mingw-w64 and run under wine by tests/inf/wine.rs; on Windows it runs as it is.
 */
#include <windows.h>
#include <setupapi.h>
#include <stdio.h>
#include <stdlib.h>

static void print(FILE *out, const WCHAR *text)
{
    WCHAR *escaped = malloc((2 * wcslen(text) + 1) * sizeof(WCHAR)), *to = escaped;
    int size;
    char *bytes;
    for (; *text; text++) {
        WCHAR letter = *text == '\\' ? '\\' : *text == '\t' ? 't' : *text == '\r' ? 'r' : *text == '\n' ? 'n' : 0;
        if (letter)
            *to++ = '\\';
        *to++ = letter ? letter : *text;
    }
    *to = 0;
    size = WideCharToMultiByte(CP_UTF8, 0, escaped, -1, NULL, 0, NULL, NULL);
    bytes = malloc(size);
    WideCharToMultiByte(CP_UTF8, 0, escaped, -1, bytes, size, NULL, NULL);
    fputs(bytes, out);
    free(bytes);
    free(escaped);
}

static void field(FILE *out, INFCONTEXT *context, DWORD index)
{
    DWORD size = 0;
    WCHAR *text;
    fputc('\t', out);
    if (!SetupGetStringFieldW(context, index, NULL, 0, &size) || !size) {
        fputc('-', out);
        return;
    }
    text = malloc(size * sizeof(WCHAR));
    if (SetupGetStringFieldW(context, index, text, size, NULL)) {
        fputc('+', out);
        print(out, text);
    }
    free(text);
}

static void section(FILE *out, HINF inf, const WCHAR *name)
{
    INFCONTEXT context;
    fputs("S ", out);
    print(out, name);
    fputc('\n', out);
    if (!SetupFindFirstLineW(inf, name, NULL, &context))
        return;
    do {
        DWORD index, count = SetupGetFieldCount(&context);
        fputs("L", out);
        for (index = 0; index <= count; index++)
            field(out, &context, index);
        fputc('\n', out);
    } while (SetupFindNextLine(&context, &context));
}

static void file(FILE *out, const WCHAR *path)
{
    UINT line = 0, index;
    HINF inf = SetupOpenInfFileW(path, NULL, INF_STYLE_WIN4 | INF_STYLE_OLDNT, &line);
    fputs("F ", out);
    print(out, path);
    fputc('\n', out);
    if (inf == INVALID_HANDLE_VALUE) {
        fprintf(out, "E %08lx line %u\n", GetLastError(), line);
        return;
    }
    for (index = 0;; index++) {
        WCHAR name[4096];
        UINT needed = 0;
        if (!SetupEnumInfSectionsW(inf, index, name, 4096, &needed))
            break;
        section(out, inf, name);
    }
    SetupCloseInfFile(inf);
}

int main(int argc, char **argv)
{
    FILE *list, *out;
    char path[4096];
    if (argc != 3 || !(list = fopen(argv[1], "rb")) || !(out = fopen(argv[2], "wb"))) {
        fputs("usage: inf_dump.exe <list of paths> <output>\n", stderr);
        return 2;
    }
    while (fgets(path, sizeof(path), list)) {
        WCHAR wide[4096];
        path[strcspn(path, "\r\n")] = 0;
        MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 4096);
        file(out, wide);
    }
    fclose(list);
    return fclose(out) != 0;
}
