"""Under nbval each notebook runs in an empty folder of its own: in `runs` it finds nothing that another one left there.

pyproject.toml loads this as a plugin, because `pytest --nbval notebooks` reads no conftest.py of the tests.
"""

import tempfile

import nbval.plugin


def pytest_configure(config):
    """With `-n` a file goes to one process, whole: nbval needs that, and the browser tests share a page."""
    config.option.dist, config.option.loadscopereorder = "loadfile", False
    folders = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # a kernel may still be writing
    config.add_cleanup(folders.cleanup)

    class KernelInItsOwnFolder(nbval.plugin.RunningKernel):
        def __init__(self, *arguments, cwd, **options):
            super().__init__(*arguments, cwd=tempfile.mkdtemp(dir=folders.name), **options)

    nbval.plugin.RunningKernel = KernelInItsOwnFolder
