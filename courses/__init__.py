"""The course side: what is taught, who takes part, and how a certificate is earned."""
