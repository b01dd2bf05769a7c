"""All long runs, one after the other: python -m experiments [alignment] [architectures] [scaling]"""

import importlib
import pkgutil
import sys
import time

import experiments

SHARED = {"__main__", "cells"}  # modules that are no run


def main(chosen: list[str]) -> None:
    """Run the modules that are named, or all, and say how long each took."""
    names = sorted(module.name for module in pkgutil.iter_modules(experiments.__path__) if module.name not in SHARED)
    if unknown := set(chosen) - set(names):
        sys.exit(f"unknown long runs {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    for name in chosen or names:
        start = time.perf_counter()
        importlib.import_module(f"experiments.{name}").run()
        print(f"{name}: {(time.perf_counter() - start) / 60:.0f} minutes")


if __name__ == "__main__":
    main(sys.argv[1:])
