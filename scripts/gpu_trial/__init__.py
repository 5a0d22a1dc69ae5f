"""A trial of the suite on a machine with a real GPU; see `scripts/gpu_trial.sh`."""
