"""Everything drawn or written for a reader. It renders what analysis computed and computes nothing itself."""
