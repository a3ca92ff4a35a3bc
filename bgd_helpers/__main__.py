"""`python -m bgd_helpers`, as the Makefiles of earlier releases call it: the commands of the course."""

import runpy

runpy.run_module("bgd_course", run_name="__main__", alter_sys=True)
