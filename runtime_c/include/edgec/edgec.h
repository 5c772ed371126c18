/*
 * Status codes that a generated NAME_run returns.
 */
#ifndef EDGEC_EDGEC_H
#define EDGEC_EDGEC_H

enum {
    EDGEC_OK = 0,
    EDGEC_ERROR_ARENA = 1 /* the arena is NULL or not aligned to NAME_ARENA_ALIGN */
};

#endif
