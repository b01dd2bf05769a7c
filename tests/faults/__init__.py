"""What happens to set-up and build when the machine fails them. `make test-faults` runs these; they take minutes."""
