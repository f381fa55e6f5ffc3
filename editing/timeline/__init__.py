"""Instants, clips, coverage, plans: pure values. Nothing here reads a file, a row or a clock."""
