/*
 * The vector registers of RISC-V as inline assembly changes them, and what kernels do to sums in
 * them. Compilers that do not know the names of the registers do not use them either.
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

/* clang-format off */

/* int32 sums times 2^shift, saturated; t0 is changed, and `label` is one that is free. */
#define EDGEC_SHIFT_RVV(sum, label) \
    "beqz %[shift], " label "f\n\t" \
    "lui %[t0], 0x80000\n\t" \
    "sra %[t0], %[t0], %[shift]\n\t" \
    "vmax.vx " sum ", " sum ", %[t0]\n\t" \
    "not %[t0], %[t0]\n\t" \
    "vmin.vx " sum ", " sum ", %[t0]\n\t" \
    "vsll.vx " sum ", " sum ", %[shift]\n" \
    label ":\n\t"

/* int32 in `sum` -> int8 in `to`, in [lo, hi], by int16 in `half`; lmul of int16 and of int8. */
#define EDGEC_TO_S8_RVV(sum, half, to, m16, m8) \
    "vsetvli zero, zero, e16, " m16 ", ta, ma\n\t" \
    "vnclip.wi " half ", " sum ", 0\n\t" \
    "vsetvli zero, zero, e8, " m8 ", ta, ma\n\t" \
    "vnclip.wi " to ", " half ", 0\n\t" \
    "vmax.vx " to ", " to ", %[lo]\n\t" \
    "vmin.vx " to ", " to ", %[hi]\n\t"
/* clang-format on */

#endif
