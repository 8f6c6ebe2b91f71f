"""Pages of a small made shelf: what a cell becomes, and one line for every mistake."""

from __future__ import annotations

import re

import pytest
from made_shelf import claims, code, display, markdown, png

from docs.site.addresses import Addresses
from docs.site.build import make
from vssl.errors import VsslError

AT_HOME = Addresses("https://github.com/you/vssl")


def test_the_site_has_its_pages(project):
    files = make(Addresses())
    wanted = [
        "index",
        "report",
        "100_pace",
        "101_pace_table_1",
        "install",
        "reading",
        "api-samplers",
    ]
    assert {f"{name}.html" for name in (*wanted, "api-samplers")} <= files.keys()
    assert {"assets/index.js", "assets/style.css", "assets/site.js"} <= files.keys()
    assert files["notebooks/100_pace.ipynb"].startswith(b'{"cells"')


def test_a_notebook_leads_to_its_neighbours_and_its_paper(page):
    html = page()
    assert 'rel="next" href="101_pace_table_1.html"' in html and 'rel="prev"' not in html
    assert "https://arxiv.org/abs/2008.05861" in html
    assert 'href="notebooks/100_pace.ipynb" download' in html


def test_formulas_become_mathml(page):
    html = page(markdown("With $\\mathcal{L} = -\\log p$ and\n\n$$\\frac{a}{b}$$\n\nit ends.", "m"))
    assert html.count("<math ") == 2 and "<mfrac>" in html
    assert "\\mathcal" not in html and "$" not in html.split("<article>")[1].split("</article>")[0]


def test_a_formula_in_folded_html_becomes_mathml_too(page):
    html = page(markdown("<details><summary>Is $x > y$?</summary>\n\nYes.\n\n</details>", "fold"))
    assert re.search(r"<summary>Is <math .*</math>\?</summary>", html)


def test_a_formula_that_cannot_be_drawn_gets_one_line(page):
    with pytest.raises(VsslError, match=r"the formula \$\\nosuchthing x\$ cannot become MathML"):
        page(markdown("See $\\nosuchthing x$.", "m"))


@pytest.mark.parametrize(
    ("name", "tags", "words"),
    [
        ("draw", ["hide-input"], "The code of this picture"),
        ("parameters", ["parameters"], "The parameters"),
        ("mine", ["exercise"], "One answer"),
        ("stamp", ["nbval-ignore-output"], "The code of the stamp"),
    ],
)
def test_code_is_folded_where_a_tag_says_so(page, name, tags, words):
    folded = re.search(
        r"<details class=\"fold\"><summary>([^<]*)</summary><pre.*?</pre>\s*</details>",
        page(code("a = 1", name, *tags)),
        re.DOTALL,
    )
    assert folded and folded[1].startswith(words)


def test_code_without_such_a_tag_is_not_folded(page):
    html = page(code("a = 1", "idea", "follows"))
    assert "fold" not in html and '<span class="n">a</span>' in html


def test_sliders_are_said_to_work_elsewhere(page):
    widget = display({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "interactive"})
    html = page(code("interact(f)", "play", "control", outputs=(widget,)))
    assert "work in JupyterLab" in html and "interactive" not in html.split("<article>")[1]


def test_a_picture_keeps_its_words(page):
    shown = display({"image/png": png(), "text/plain": "<figure>"}, "A dark <square>")
    html = page(code("draw()", "draw", outputs=(shown,)))
    assert re.search(
        r'<img src="pictures/100_pace-draw.png" alt="A dark &lt;square&gt;" width="8"', html
    )
    assert "&lt;figure&gt;" not in html


def test_a_picture_without_words_gets_one_line(page):
    with pytest.raises(VsslError, match="100_pace, cell draw: a picture has no alt text"):
        page(code("draw()", "draw", outputs=(display({"image/png": png()}),)))


def test_a_picture_that_plays_has_a_still(project, page):
    shown = display({"image/png": png(3)}, "Three frames")
    html = page(code("play()", "play", outputs=(shown,)))
    still = "pictures/100_pace-play-still.png"
    assert f'<source media="(prefers-reduced-motion: reduce)" srcset="{still}">' in html
    assert f'<img class="printed" src="{still}" alt="Three frames"' in html
    files = make(Addresses())
    assert b"acTL" in files["pictures/100_pace-play.png"] and b"acTL" not in files[still]


def test_a_table_scrolls_by_itself(page):
    shown = {"text/html": claims("holds on puppets (demo)"), "text/plain": "T"}
    html = page(
        code("table", "table", outputs=(display(shown),)),
        markdown("| a | b |\n|---|---|\n| 1 | 2 |", "small"),
    )
    article = html.split("<article>")[1].split("</article>")[0]
    assert article.count("<table") == 2
    assert (
        len(re.findall(r'<div class="scroll" role="group" aria-label="[^"]+"><table', article)) == 2
    )
    assert '<th scope="col">a</th>' in article


def test_the_report_counts_verdicts(project, page):
    shown = {"text/html": claims("holds on puppets (demo)", "reversed on x", "2 of 8 seeds")}
    page(code("claims", "claims", outputs=(display(shown),)))
    report = make(Addresses())["report.html"].decode()
    assert re.findall(r"<strong>(\d+)</strong> (\w+)", report) == [
        ("1", "hold"),
        ("1", "reversed"),
        ("1", "wait"),
    ]
    assert '<span aria-hidden="true">✓</span> holds on puppets (demo)' in report


def test_names_in_code_lead_to_their_pages(page):
    html = page(
        markdown("Of `samplers.Pace`, `101_pace_table_1` and `docs/reading.md`.", "m"),
        code("samplers.Pace(pace=2)", "try"),
    )
    assert '<a class="name" href="api-samplers.html#samplers.Pace">' in html
    assert '<a class="name" href="101_pace_table_1.html">' in html
    assert '<a class="name" href="reading.html">' in html
    assert "Names of the package on this page" in html


def test_the_reference_tells_how_a_name_is_called(project):
    html = make(AT_HOME)["api-samplers.html"].decode()
    assert "samplers.Pace(pace: int = 1)" in html
    assert "samplers.Pace.frames(first: int, *, step: float = 2.0) -&gt; list[int]" in html
    assert "https://github.com/you/vssl/blob/main/vssl/samplers/pace.py#L7" in html
    assert "_hidden" not in html


def test_links_between_files_lead_between_pages(page):
    html = page(
        markdown("[words](../docs/reading.md#The-words) [next](101_pace_table_1.ipynb)", "m")
    )
    assert 'href="reading.html#the-words"' in html and 'href="101_pace_table_1.html"' in html


def test_a_file_without_a_page_is_linked_only_where_the_repository_is_known(project, page):
    (project / "LICENSE").write_text("MIT")
    link = markdown("See the [licence](../LICENSE).", "m")
    assert "See the licence." in page(link)
    assert 'href="https://github.com/you/vssl/blob/main/LICENSE"' in page(link, addresses=AT_HOME)


def test_colab_and_binder_need_an_address(page):
    assert "colab" not in page() and "mybinder" not in page()
    html = page(addresses=AT_HOME)
    assert "colab.research.google.com/github/you/vssl/blob/main/notebooks/100_pace.ipynb" in html
    assert "mybinder.org/v2/gh/you/vssl/main?labpath=notebooks%2F100_pace.ipynb" in html


def test_the_search_finds_the_words_below_a_heading(project, page):
    page(markdown("## A part\n\nRare words here.", "part"), markdown("More of them.", "more"))
    index = make(Addresses())["assets/index.js"].decode()
    row = '["Pace prediction", "A part", "100_pace.html#a-part", "Rare words here. More of them."]'
    assert row in index


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("notebooks/100_pace.ipynb", None, "the manifest lists 100_pace, but there is no"),
        ("notebooks/100_pace.ipynb", "no JSON", "cannot be read as a notebook"),
        ("docs/reading.md", "# A\n\n[x](gone.md)", "docs/reading.md links to gone.md"),
        ("docs/reading.md", "no heading", "docs/reading.md has no heading"),
        ("vssl/samplers/pace.py", "def f(:", "cannot be read as Python"),
    ],
)
def test_a_broken_file_gets_one_line(project, path, text, said):
    (project / path).unlink() if text is None else (project / path).write_text(text)
    with pytest.raises(VsslError, match=said) as caught:
        make(Addresses())
    assert "\n" not in str(caught.value)


def test_an_error_in_a_notebook_gets_one_line(page):
    error = {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}
    with pytest.raises(VsslError, match="100_pace, cell bad: it holds an error"):
        page(code("1 / 0", "bad", outputs=(error,)))


@pytest.mark.parametrize("text", ["github.com/you/vssl", "https://github.com", "ftp://a.b/c/d"])
def test_an_address_that_is_none_gets_one_line(text):
    with pytest.raises(VsslError, match="is no address of a repository"):
        Addresses(text)
