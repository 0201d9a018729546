"""Every figure of the course, each with its description in words: one module a theme.

`pictures` holds what they are made of. Each function `plot_…` of a module can be imported from here.
"""

from importlib import import_module
from pkgutil import iter_modules

from .diagrams import diagram

for _module in iter_modules(__path__):
    for _name, _function in vars(import_module(f".{_module.name}", __name__)).items():
        if _name.startswith("plot_"):
            globals()[_name] = _function
