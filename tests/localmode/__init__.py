"""The local mode of the SageMaker Python SDK beside this service: the same jobs on both, clause by clause."""
