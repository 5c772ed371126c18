/*
 * Board services by the C library: the harness as a program of the build machine.
 */
#define _POSIX_C_SOURCE 199309L

#include "board_io.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_FILES = 8 };

/* How far below the stack pointer painting starts; the default stack is 8 MiB. */
#define PAINTED_BYTES (1024u * 1024u)

static FILE *files[MAX_FILES];

static int32_t open_file(const char *path, const char *mode)
{
    int32_t i = 0;
    while (i < MAX_FILES && files[i] != NULL) {
        i++;
    }
    if (i == MAX_FILES) {
        return -1;
    }
    files[i] = fopen(path, mode);
    return files[i] == NULL ? -1 : i;
}

int32_t board_open_read(const char *path)
{
    return open_file(path, "rb");
}

int32_t board_open_write(const char *path)
{
    return open_file(path, "wb");
}

bool board_read(int32_t file, void *data, size_t bytes)
{
    return fread(data, 1, bytes, files[file]) == bytes;
}

bool board_write(int32_t file, const void *data, size_t bytes)
{
    return fwrite(data, 1, bytes, files[file]) == bytes;
}

bool board_seek(int32_t file, size_t position)
{
    return fseek(files[file], (long)position, SEEK_SET) == 0;
}

void board_close(int32_t file)
{
    (void)fclose(files[file]);
    files[file] = NULL;
}

void board_message(const char *text)
{
    (void)fputs(text, stderr);
}

uint64_t board_nanoseconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void board_exit(uint32_t code)
{
    exit((int)code);
}

void *board_stack_limit(void)
{
    char here = 0;
    const uintptr_t address = (uintptr_t)&here;
    return (void *)((address - PAINTED_BYTES) & ~(uintptr_t)15u);
}
