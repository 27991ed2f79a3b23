/* count KERNEL NONCES VERSIONS: one scan that finds nothing, to have its instructions counted. */
#include "sha256d.h"

#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    const uint8_t header[76] = {1}, target[32] = {0};
    uint32_t versions[SM_MAX_VERSIONS] = {0x20000000, 0x20002000, 0x20004000, 1};
    sm_hit hit[1];
    sm_scan scan = {.header = header, .target = target, .versions = versions, .hits = hit};
    if (argc != 4) return 2;
    scan.end = strtoul(argv[2], NULL, 10);
    scan.version_count = (uint32_t)strtoul(argv[3], NULL, 10);
    scan.hit_capacity = 1;
    for (uint32_t i = 0; i < sm_kernel_count(); i++)
        if (!strcmp(sm_kernel_at(i)->name, argv[1]))
            return sm_run(sm_kernel_at(i), &scan) != SM_DONE;
    return 2;
}
