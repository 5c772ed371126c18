/*
 * The vector registers of RISC-V as inline assembly changes them. Compilers that do not know their
 * names do not use them either.
 */
#ifndef EDGEC_VECTORS__RVV_H
#define EDGEC_VECTORS__RVV_H

#if defined(__riscv_v_intrinsic)
#define EDGEC_CLOBBERS_RVV                                                                         \
    "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12",     \
        "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", \
        "v26", "v27", "v28", "v29", "v30", "v31", "vl", "vtype"
#else
#define EDGEC_CLOBBERS_RVV "memory"
#endif

#endif
