"""Handouts: from variants and solutions to the files students and learning platforms receive."""
