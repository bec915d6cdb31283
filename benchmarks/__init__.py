"""What operations cost: requests, capacity, cold starts and CPU. ``python -m benchmarks`` measures and reports."""
