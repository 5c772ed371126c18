"""The loop IR: expressions, statements, buffers, and the builder that writes them."""
