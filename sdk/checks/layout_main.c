#include "layout.h"

int main(void) {
    slw_layout_write(stdout);
    return 0;
}
