"""Forms of the package: what people type, read into values; rules of the domain stay in the operations."""
