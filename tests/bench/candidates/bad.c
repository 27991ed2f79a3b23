/* Kernels that break the rules; MODE says how. */
#include "sha256d.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int anywhere(const char **missing) {
    *missing = 0;
    return 1;
}

static sm_status search(sm_scan *scan) {
#if MODE == 1
    raise(SIGSEGV);
#elif MODE == 2
    for (volatile int forever = 1; forever;) continue;
#elif MODE == 3
    puts("chatter");
    fflush(stdout);
    exit(0);
#elif MODE == 4
    raise(SIGILL);
#endif
    scan->next_nonce = scan->end;
    scan->next_version = 0;
    return SM_DONE;
}

static const sm_kernel kernel = {SM_ABI_VERSION, "bad", "breaks a rule", 1, 1, anywhere, search};

const sm_kernel *stampmill_kernel(void);
const sm_kernel *stampmill_kernel(void) { return &kernel; }
