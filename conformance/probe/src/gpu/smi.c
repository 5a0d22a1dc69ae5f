/* The nvidia-smi of a simulated GPU: whatever it is asked, it says that it is simulated. */

#include "raw.h"

__attribute__((used)) void smi(void)
{
    say("GPU 0: Simulated GPU (UUID: GPU-00000000-0000-0000-0000-000000000000)\n");
    leave(0);
}

ENTRY(smi);
