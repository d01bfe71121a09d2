"""``downslope report``: a page that opens without a network, on any screen and on paper."""

import json
import re

import pytest
from test_commands import EXAMPLES, QUICK, run

import downslope as ds

PENGUINS = EXAMPLES / "penguins.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    for target in ("body_mass_g", "species"):
        out = folder / f"{target}.downslope"
        done = run("fit", PENGUINS, "-t", target, "--members", "2", *QUICK, "-o", out)
        assert done.returncode == 0, done.stderr
        assert run("report", out, folder=folder).returncode == 0
    return folder


def test_the_page_is_that_of_python(folder):
    assert (folder / "species.html").read_text() == ds.report(folder / "species.downslope").html()
    out = folder / "other.html"
    options = ["--table", PENGUINS, "--row", "5", "--of-class", "Gentoo", "--seed", "3", "-o", out]
    done = run("report", folder / "species.downslope", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Report on species written to {out}, ")
    wanted = ds.report(folder / "species.downslope", PENGUINS, row=4, of_class="Gentoo", seed=3)
    assert out.read_text() == wanted.html()


def test_json_is_that_of_python(folder):
    done = run("report", folder / "body_mass_g.downslope", "--json")
    assert json.loads(done.stdout) == json.loads(
        json.dumps(ds.report(folder / "body_mass_g.downslope").to_json())
    )


def test_the_ending_chooses_json(folder):
    model, out = folder / "species.downslope", folder / "figures.json"
    assert run("report", model, "-o", out).returncode == 0
    assert json.loads(out.read_text()) == json.loads(run("report", model, "--json").stdout)


@pytest.mark.thorough
def test_several_targets_follow_one_another(folder):
    model = folder / "both.downslope"
    targets = ["-t", "body_mass_g", "-t", "species"]
    assert run("fit", PENGUINS, *targets, "--members", "2", *QUICK, "-o", model).returncode == 0
    done = run("report", model, folder=folder)
    assert done.stdout.startswith("Report on body_mass_g, species written to both.html, "), done.stderr
    page = (folder / "both.html").read_text()
    assert page == ds.report(ds.load(model)).html()
    assert page.count("<h1>") == page.count("<article>") == 2
    places = re.findall(r'<section id="([^"]+)"', page)
    assert len(set(places)) == len(places) == 16
    one = run("report", model, "--target", "species", "-o", folder / "one.html", folder=folder)
    assert one.stdout.startswith("Report on species written to "), one.stderr
    assert (folder / "one.html").read_text() == ds.report(ds.load(model)["species"]).html()


def test_help_and_refusals(folder):
    model = folder / "species.downslope"
    assert "Examples:" in run("report", "--help").stdout
    for arguments, said in [
        ((model, "-o", model), "would replace"),
        ((model, "--table", PENGUINS, "-o", PENGUINS), "would replace"),
        ((model, "-o", PENGUINS.with_suffix(".pdf")), "end it in .html or .json"),
        ((model, "-o", "-"), "end it in .html or .json"),
        ((model, "--row", "999"), "no row 999"),
        ((model, "--row", "0"), "0 is not in the range"),
        ((model, "--sheet", "Sheet1"), "--sheet is of the file of --table"),
        ((model, "--of-class", "Emu"), "Emu"),
        ((folder / "none.downslope",), "there is no file"),
        ((model, "-o", folder / "nowhere" / "r.html"), "there is no folder"),
    ]:
        done = run("report", *arguments)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert model.read_bytes()[:1] != b"<"


CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parts = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) =>
    [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement)
      layers.push(parts(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce(
      (below, [r, g, b, a]) => [r, g, b].map((v, i) => (v * a + below[i] * (255 - a)) / 255),
      [255, 255, 255],
    );
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const colour = element.closest("svg") && element.tagName === "text" ? style.fill : style.color;
    const [a, b] = [light(parts(colour)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push([element.tagName, element.textContent.slice(0, 40), ratio]);
  }
  return found;
}"""


@pytest.mark.parametrize("name", ["body_mass_g", "species"])
@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
)
def test_in_a_browser(browser, folder, name, width, scheme):
    """No error, no request, nothing wider than the screen, and every text stands out from its ground."""
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    context.set_offline(True)
    page, wrong, requests = context.new_page(), [], []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    address = (folder / f"{name}.html").as_uri()
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == []
    outside = """() => [...document.querySelectorAll("svg")].filter((e) => e.checkVisibility()
      && !e.closest(".scroll") && e.getBoundingClientRect().right > innerWidth).length"""
    assert page.evaluate(outside) == 0
    context.close()
    assert (wrong, requests) == ([], [address])


def test_on_paper_everything_is_open(browser, folder):
    page = browser.new_page(viewport={"width": 688, "height": 1000}, bypass_csp=True)  # a wait is a script
    page.goto((folder / "species.html").as_uri())
    hidden = """() => [...document.querySelectorAll("details table")].filter((e) => !e.checkVisibility(
      { contentVisibilityAuto: true })  || !e.getBoundingClientRect().height).length"""
    assert page.evaluate(hidden) > 0
    page.emulate_media(media="print")
    page.wait_for_function(f"({hidden})() === 0", timeout=5000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 688
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    page.close()
