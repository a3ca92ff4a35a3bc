"""Speed of the package against its peers: `python -m bench` from the top folder, `--help` for options.

All times are CPU times of one thread, medians of several rounds in which the contenders take turns; what
travels from machine to machine is the ratios. Every contender's result is checked against ours first.
"""
