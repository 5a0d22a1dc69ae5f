"""An AWS on this machine: one application of moto, which a job's containers reach, and clients that create jobs."""
