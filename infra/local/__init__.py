"""The laptop stack: the real template on an embedded AWS, started and stopped by one command."""
