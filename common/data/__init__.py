"""From a file to arrays: a module for each kind of data, and those that find, check and fetch files."""
