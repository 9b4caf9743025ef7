"""Everything training needs besides the network: batches, devices, faster kernels, the run's folder."""
