"""What the machine can do, measured: `make bench`. docs/benchmarks.md tells how to read the figures."""
