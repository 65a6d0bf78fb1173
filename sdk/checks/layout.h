/* sdk/checks/layout.h - the ABI's layout as text, see layout.c. */
#ifndef SLIPWAY_CHECKS_LAYOUT_H
#define SLIPWAY_CHECKS_LAYOUT_H

#include <stdio.h>

#ifdef __cplusplus
extern "C"
#endif
    void
    slw_layout_write(FILE* to);

#endif
