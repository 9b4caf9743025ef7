"""What training needs beside the network: batches, devices, a faster kernel, the folder of the run."""
