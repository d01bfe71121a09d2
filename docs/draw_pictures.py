"""Draw the pictures of the README and of the page from runs of Downslope: python docs/draw_pictures.py

The page is drawn with Playwright, in the Chromium at /usr/bin/chromium.
"""

import subprocess
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import downslope as ds

X = [[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]]
Y = [13.5, 15.6, 27.4, 15.6, 12.5]
START = [200.0, -14.0, 3456.0]


def neuron() -> None:
    """The error of the introductory neuron, run and forecast, and the distance of its weights."""
    net = ds.Network(inputs=3, layers=[ds.Dense(1, bias=False)])
    plain = ds.forecast(net, X, Y, start=START, learning_rate=0.001)
    best = ds.forecast(net, X, Y, start=START, learning_rate=plain.best_rate)
    momentum = ds.forecast(
        net, X, Y, start=START, learning_rate=plain.momentum_rate, momentum=plain.best_momentum
    )
    run = ds.descend(net, X, Y, start=START, learning_rate=0.001, steps=3001)
    steps = np.unique(np.round(np.geomspace(1, 3000, 200)).astype(int))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    left.loglog(np.arange(1, 3001), run.losses[1:], color="#4477aa", lw=5, alpha=0.35, label="run, η = 0.001")
    left.loglog(steps, [plain.error_after(int(k)) for k in steps], color="#225588", lw=1.2, label="forecast")
    left.set(xlabel="updates", ylabel="mean squared error", title="What descent does, and what was forecast")
    left.axvline(1000, color="#888888", lw=0.8, ls=":")
    left.annotate(
        "1000 updates:\nw = (1.590, −0.325, 1.239)",
        (1000, plain.error_after(1000)),
        (20, 1e-6),
        fontsize=9,
        arrowprops={"arrowstyle": "->", "color": "#888888"},
    )
    left.legend(frameon=False)
    for prediction, name, colour in (
        (plain, "η = 0.001", "#225588"),
        (best, f"best rate, η = {plain.best_rate:.5f}", "#cc6644"),
        (momentum, f"momentum {plain.best_momentum:.3f}", "#228833"),
    ):
        gaps = [
            float(np.linalg.norm(prediction.parameters_after(int(k))["layer1.weight"] - [[0.5, 0.9, 1.2]]))
            for k in steps
        ]
        right.loglog(steps, gaps, color=colour, label=name)
    right.set(
        xlabel="updates", ylabel="distance to (0.5, 0.9, 1.2)", title="How the rate decides", ylim=(1e-6, 1e5)
    )
    right.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(Path(__file__).parent / "images" / "neuron.png", dpi=110)


IMAGES = Path(__file__).parent / "images"
PENGUINS = Path(__file__).parents[1] / "examples" / "penguins.csv"
WINDOW, PHONE = (1280, 720), (390, 844)


def page() -> None:
    """The page: the five rows, the chain rule, a table of one's own, a large network, a phone, the dark."""
    from playwright.sync_api import Browser, Page, sync_playwright

    def look(browser: Browser, address: str, size: tuple[int, int] = WINDOW, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, locale="en-US"
        )
        tab = context.new_page()
        tab.goto(address)
        tab.locator(".network").wait_for()
        return tab

    def take(tab: Page, name: str) -> None:
        tab.mouse.move(3, 3)
        tab.wait_for_timeout(1500)
        tab.screenshot(path=IMAGES / f"{name}.png")

    net = ds.Network(inputs=3, layers=[ds.Dense(1, bias=False)])
    rng = np.random.default_rng(0)
    x = rng.normal(size=(512, 20))
    wide = ds.Network(20, [ds.Dense(1024, "relu") for _ in range(6)] + [ds.Dense(1)])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        studio = ds.play(net, X, Y, start=START, learning_rate=0.001, open_browser=False)
        tab = look(browser, studio.address)
        for weight, value in (("w₁", "20"), ("w₃", "30"), ("w₂", "3")):
            field = tab.get_by_label(f"{weight}, weight")
            field.click()
            tab.keyboard.type(value)
            tab.keyboard.press("Enter")
        tab.get_by_role("button", name="Take steps").click()
        take(tab, "studio")
        take(look(browser, studio.address, scheme="dark"), "studio_dark")
        take(look(browser, studio.address, PHONE), "studio_phone")
        tab.keyboard.press("Escape")
        tab.locator("h1").click()
        tab.keyboard.press("f")
        take(tab, "studio_presentation")
        tab.keyboard.press("f")
        tab.get_by_role("button", name="Chain rule for w₂").click()
        take(tab, "studio_derivation")
        studio.close()
        command = ["downslope", "play", "--no-open", str(PENGUINS), "--target", "species"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
            assert served.stdout is not None
            tab = look(browser, "http://" + served.stdout.readline().split("http://")[1].split()[0])
            tab.get_by_role("button", name="Take steps").click()
            take(tab, "studio_penguins")
            served.terminate()
        large = ds.play(wide, x, x[:, 0] * 2 + np.sin(x[:, 1]), open_browser=False, optimizer="adam")
        tab = look(browser, large.address)
        tab.wait_for_timeout(4000)
        take(tab, "studio_wide")
        large.close()


if __name__ == "__main__":
    neuron()
    page()
