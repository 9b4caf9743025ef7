"""Loading of data: one module for each kind, and modules that find, check and download files."""
