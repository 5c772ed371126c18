"""What is measured against what. Every module here is a command: python -m benchmarks.NAME."""
