"""From readings to findings: what is wrong, where, why, and on which evidence."""
