exec python3 /processing.py "$@"
