"""One thread a product of matrices, so that its digits are the same on every machine."""

#: For the environment, before numpy is imported: threads of a product add up in another order, and
#: the processors are busy with other work. Names of OpenBLAS, MKL, OpenMP and Accelerate.
ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
