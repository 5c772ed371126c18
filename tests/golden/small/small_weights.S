/* Constants of small, from small_weights.bin. */
#ifndef EDGEC_WEIGHTS_SECTION
#define EDGEC_WEIGHTS_SECTION .rodata.edgec_weights
#endif
    .section EDGEC_WEIGHTS_SECTION, "a"
    .balign 16
small_weights_begin:
    .incbin "small_weights.bin"
    .size small_weights_begin, . - small_weights_begin
    .globl small_w_fc_weight
    .type small_w_fc_weight, %object
    .set small_w_fc_weight, small_weights_begin + 0
    .size small_w_fc_weight, 48
    .globl small_w_fc_bias
    .type small_w_fc_bias, %object
    .set small_w_fc_bias, small_weights_begin + 48
    .size small_w_fc_bias, 16
#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
