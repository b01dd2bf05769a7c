"""What builds and tests the book. `setup.py` needs nothing but Python; the others run inside the virtual environment."""
