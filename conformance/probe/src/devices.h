/* What a container has of GPUs. */

#ifndef DEVICES_H
#define DEVICES_H

/* Write down NVIDIA's device nodes, and what nvidia-smi says and the look, which this loader runs; each may take so many
 * milliseconds. Without a loader only the nodes are written down. */
void look_at_gpus(const char *loader, const char *look, long limit_ms);

#endif
