"""What things cost, measured side by side with their floors: `python -m tests.benchmarks [name …]`."""
