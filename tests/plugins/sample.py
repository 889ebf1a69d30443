"""What the tests of samples in Python share: the module of a built sample, and a folder for its files."""
import importlib.util
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True


def load():
    """The sample in the folder that the first argument names."""
    folder = sys.argv.pop(1)
    sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location("sample_plugin", os.path.join(folder, "plugin.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class InAFolder(unittest.TestCase):
    """Each test has the working folder for itself, as a plugin with read = ["."] has that of the agent."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)

    def write(self, name, content):
        with open(name, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
