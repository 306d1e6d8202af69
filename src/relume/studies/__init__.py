"""Many networks trained fairly: one protocol, paired seeds, intervals."""
