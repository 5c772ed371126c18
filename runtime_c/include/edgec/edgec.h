/*
 * Status codes that a generated NAME_run, or NAME_push_row, returns.
 */
#ifndef EDGEC_EDGEC_H
#define EDGEC_EDGEC_H

enum {
    EDGEC_OK = 0,
    EDGEC_ERROR_ARENA = 1, /* the arena, or a part of it, is NULL or not aligned as NAME.h says */
    EDGEC_READY = 2,       /* NAME_push_row has taken the last row: the outputs are there */
    EDGEC_ERROR_STATE = 3  /* NAME_reset has not been called before the first NAME_push_row */
};

#endif
