"""What is measured on a stroke."""
