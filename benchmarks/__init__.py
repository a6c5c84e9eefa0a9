"""What `make bench` runs: every figure beside a bare Flask page that is served the same way in the same run."""
