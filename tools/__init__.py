"""What make and CI run: small helpers that need nothing but the standard library."""
