"""What toposcope costs, by subject."""
