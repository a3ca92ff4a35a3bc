"""Speed of the package against its peers: `python -m bench` from the top folder, `--help` for options.

All times are CPU times of one thread, medians of several rounds in which the contenders take turns; what
travels from machine to machine is the ratios. Every contender's result is checked against ours first.
"""

ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_ENABLE_X64": "1",
    "JAX_PLATFORMS": "cpu",
}
