"""The digest of code: what makes a run old, and what does not."""

import shutil
import subprocess
import sys
import textwrap

import pytest

from vssl import methods, sources
from vssl.lab import code, resolve
from vssl.lab.code import Code

TEXTS = {
    "vssl": "",
    "vssl.errors": "class VsslError(Exception): pass",
    "vssl.samplers": "from vssl.samplers.pace import Pace\n__all__ = ['Pace']",
    "vssl.samplers.pace": """
'''Paces.'''
from vssl.errors import VsslError
STEP = 2
UNUSED = 5
class Pace:
    '''A pace.'''
    rate: int = STEP  # frames
    def draw(self):
        if self.rate < 1:
            raise VsslError("too slow")
        return helped(self.rate)
    def describe(self):
        return f"pace {self.rate}"
def helped(rate):
    from vssl import sums as arithmetic
    return arithmetic.double(rate)
""",
    "vssl.sums": "def double(x):\n    return 2 * x\ndef triple(x):\n    return 3 * x",
    "vssl.methods": "",
    "vssl.methods.paper": """
from __future__ import annotations
from typing import TYPE_CHECKING
from vssl import samplers
if TYPE_CHECKING:
    from vssl.other import Other
class Paper:
    other: Other | None = None
    def sampler(self) -> samplers.Pace:
        return samplers.Pace()
""",
    "vssl.other": "class Other:\n    size = 1",
}
START = [("vssl.methods.paper", "Paper")]


def digest(module=None, old="", new=""):
    texts = dict(TEXTS)
    if module:
        assert old in texts.get(module, "")
        texts[module] = texts[module].replace(old, new) if old else texts.get(module, "") + new
    return Code(texts).digest(START)


def test_names_are_followed_through_packages_to_their_definitions():
    assert Code(TEXTS).reached(START) == {
        ("vssl.methods.paper", "Paper"),
        ("vssl.samplers.pace", "Pace"),
        ("vssl.samplers.pace", "STEP"),
        ("vssl.samplers.pace", "helped"),
        ("vssl.sums", "double"),
    }


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("vssl.samplers.pace", "STEP = 2", "STEP = 3"),
        ("vssl.samplers.pace", "self.rate < 1", "self.rate < 2"),
        ("vssl.samplers.pace", "class Pace:", "print('at import')\nclass Pace:"),
        ("vssl.sums", "2 * x", "x + x"),
        ("vssl.methods.paper", "samplers.Pace()", "samplers.Pace(3)"),
        ("vssl.methods.paper", "Other | None = None", "Other | None = 1"),
    ],
)
def test_what_may_change_a_number_changes_the_digest(module, old, new):
    assert digest(module, old, new) != digest()


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("vssl.samplers.pace", "# frames", "# frames of a video"),
        ("vssl.samplers.pace", "'''A pace.'''", "'''How fast a clip plays.'''"),
        ("vssl.samplers.pace", "'''Paces.'''", ""),
        ("vssl.samplers.pace", "too slow", "slower than one frame"),
        ("vssl.samplers.pace", "pace {self.rate}", "a pace of {self.rate}"),
        ("vssl.samplers.pace", "UNUSED = 5", "UNUSED = 6\nclass Another: pass"),
        ("vssl.samplers", "import Pace", "import Pace, Another"),
        ("vssl.samplers", "['Pace']", "['Another', 'Pace']"),
        ("vssl.sums", "3 * x", "x + x + x"),
        ("vssl.other", "size = 1", "size = 2"),
        ("vssl.errors", "pass", "status = 2"),
    ],
)
def test_words_and_additions_leave_the_digest(module, old, new):
    assert digest(module, old, new) == digest()


@pytest.fixture(scope="module")
def pretraining():
    return resolve("smoke").pretrain(methods.Pace(), "r3d", 0)


def changed(pretraining, module, old, new):
    """The digests of a real pre-training, before and after a change of a real file."""
    text = sources.AT_IMPORT[module]
    assert old in text
    texts = sources.AT_IMPORT | {module: text.replace(old, new, 1)}
    starts = code.starts(pretraining)
    return Code(sources.AT_IMPORT).digest(starts), Code(texts).digest(starts)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("vssl.samplers.pace", "return Sample(", "rng.random(); return Sample("),
        ("vssl.augment.crops", "spare_width + 1", "spare_width"),
        ("vssl.losses.contrast", "def same_context", "X = 1\n@X\ndef same_context"),
        ("vssl.training.loop", "def _resume", "@print\ndef _resume"),
        ("vssl.models.resnet", "def r3d(", "@print\ndef r3d("),
        ("vssl.recipe", "class Recipe:", "class Recipe:\n    more: int = 0"),
    ],
)
def test_a_change_of_what_trains_makes_a_pre_training_old(pretraining, module, old, new):
    before, after = changed(pretraining, module, old, new)
    assert before != after


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("vssl.methods.cvrl", "class CVRL:", "class CVRL:\n    more: int = 0"),
        ("vssl.samplers", "__all__ = [", "from vssl.samplers.new import New\n__all__ = ['New',"),
        ("vssl.videos.readers.ucf101", "def read(", "@print\ndef read("),
        ("vssl.videos.building", "def work(", "@print\ndef work("),
        ("vssl.videos.store", "def gather(", "@print\n    def gather("),
        ("vssl.lab.data", "def title(", "@print\n    def title("),
        ("vssl.models", "_BUILDERS = {", "_BUILDERS = {'new': print,"),
        ("vssl.lab.experiment", "class Inflated:", "class Another:\n    pass\nclass Inflated:"),
        ("vssl.evaluation.retrieval", "def recall", "@print\ndef recall"),
        ("vssl.videos.puppets.gymnastics", "import numpy", "EXTRA = 1\nimport numpy"),
    ],
)
def test_another_papers_code_leaves_a_pre_training_as_it_is(pretraining, module, old, new):
    before, after = changed(pretraining, module, old, new)
    assert before == after


def test_a_module_that_may_have_been_loaded_from_an_edited_file_is_refused(tmp_path):
    """In a copy of the package: edited before it is loaded, after it was found, loaded again."""
    copy = tmp_path / "vssl"
    shutil.copytree(sources.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = """
        import importlib, pathlib, vssl
        from vssl import sources, errors

        def edited(name):
            path = pathlib.Path(vssl.__file__).with_name(name)
            path.write_text(path.read_text() + "# edited")

        def refused(name):
            try:
                sources.check([name])
            except errors.VsslError as error:
                return "restart the kernel" in str(error)

        sources.check(["vssl.clips"])  # not loaded: nothing to say
        edited("clips.py")
        import vssl.clips, vssl.statistics
        assert refused("vssl.clips")
        sources.check(["vssl.statistics"])
        edited("statistics.py")
        sources.check(["vssl.statistics"])  # what runs is what was read
        importlib.reload(vssl.statistics)
        assert refused("vssl.statistics")
        print("all said")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "all said\n", done.stderr


def test_the_sources_are_those_of_the_package():
    assert sources.read() == sources.AT_IMPORT
    assert {"vssl", "vssl.lab", "vssl.lab.code"} <= set(sources.AT_IMPORT)
