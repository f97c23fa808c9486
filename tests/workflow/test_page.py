"""The page for people, in a real browser."""

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import WholeRun

webdriver = pytest.importorskip("selenium.webdriver")
DRIVER, BROWSER = shutil.which("chromedriver"), shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    not (DRIVER and BROWSER), reason="chromium and chromedriver are not installed"
)


@pytest.fixture(scope="module")
def browser(whole_run: WholeRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """A headless Chromium that shows summary.html, the network switched off."""
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    profile = tmp_path_factory.mktemp("chromium")
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--enable-unsafe-swiftshader",  # WebGL without a graphics card
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--window-size=1200,1000",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    driver.set_network_conditions(offline=True, latency=0, throughput=0)
    driver.get((whole_run.results / "summary.html").resolve().as_uri())
    yield driver
    driver.quit()


def test_the_console_holds_no_error(browser) -> None:
    errors = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []


def test_the_first_screen_shows_each_fraction_and_whether_its_checks_are_passed(browser) -> None:
    height = browser.execute_script("return window.innerHeight")
    cards = browser.find_elements("css selector", ".card")
    assert len(cards) == 4  # one model and the weak tagger, two tests
    for card in cards:
        assert card.rect["y"] + card.rect["height"] <= height
        assert "%" in card.text
        passed = "doubted" not in card.get_attribute("class").split()
        assert ("checks passed" if passed else "not to be believed: ") in card.text


def test_every_picture_is_drawn(browser) -> None:
    widths = browser.execute_script("return [...document.images].map(image => image.naturalWidth)")
    assert len(widths) >= 10
    assert min(widths) > 0


def test_the_latent_space_can_be_turned(browser) -> None:
    plots = browser.find_elements("css selector", ".plotly-graph-div")
    assert len(plots) == 1
    assert browser.execute_script("return arguments[0].querySelectorAll('canvas').length", plots[0])


def test_nothing_is_wider_than_the_page(browser) -> None:
    script = "return [document.documentElement.scrollWidth, window.innerWidth]"
    content, window = browser.execute_script(script)
    assert content <= window


def test_each_figure_stands_under_its_own_title_and_model(whole_run: WholeRun) -> None:
    page = (whole_run.results / "summary.html").read_text("utf-8")
    figures = whole_run.results / "figures"
    titles = {
        "Learning curves": "S/learning_curves",
        "Anomaly scores": "S/seed1/scores",
        "Reconstructions": "S/seed1/reconstructions",
        "Latent space": "S/seed1/latent",
        "Clusters": "S/seed1/clusters",
        "Anomaly scores by cluster": "S/seed1/cluster_scores",
        "ROC curves": "S/roc",
        "Latent by class": "S/latent_classes",
        "Crop": "crop",
        "Scores of the weak tagger": "weak/scores",
        "Features that tell": "weak/features",
        "Jet quantities": "quantities",
        "PCA plane": "pca_plane",
    }
    for title, path in titles.items():
        data = base64.b64encode((figures / f"{path}.png").read_bytes()).decode()
        assert f'<img src="data:image/png;base64,{data}" alt="{title}">' in page


def test_names_of_samples_are_escaped(tmp_path: Path) -> None:
    from oddjet.summarise import page

    template = tmp_path / "template.html.j2"
    template.write_text("<p>{{ name }}</p>")
    (tmp_path / "page.css").touch()
    assert "<b>" not in page.render(template, name="<b>low</b>")
