/*
 * Hosts and every core without a file of its own: the portable definitions are what compilers
 * turn into the best code there.
 */
#ifndef EDGEC_HAL_ARCH_H
#define EDGEC_HAL_ARCH_H

/* Ticks of a free-running counter, for measuring; 0 where there is none. */
#if defined(__GNUC__) && defined(__x86_64__)
EDGEC_INLINE uint32_t edgec_cycles(void)
{
    return (uint32_t)__builtin_ia32_rdtsc();
}
#else
EDGEC_INLINE uint32_t edgec_cycles(void)
{
    return 0u;
}
#endif

EDGEC_INLINE void edgec_cycles_enable(void)
{
}

#endif
