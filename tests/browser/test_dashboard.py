"""The page in a real browser shows what the API answers, to everybody, on any screen."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.shelf import Shelf
from tests.browser.window import PHONE, Complaints, accessible, opened, picture

LIVE = re.compile(r"Live, \d+ worker")
PAGE_BYTES_MAX = 300_000
#: Searches ask for a booking and a payment of every id.
NOT_FOUND = "404"
HOTEL, PAYMENT = "agent-40", "resort-pay-27547"

Opened = tuple[Page, Complaints]


def live(page: Page) -> None:
    expect(page.locator("#status-text")).to_have_text(LIVE)
    expect(page.locator("#low td").first).to_be_visible()


def shown(number: int) -> str:
    return f"{number:,}"


def search(page: Page, wanted: str) -> Locator:
    page.fill("#query", wanted)
    page.press("#query", "Enter")
    expect(page.locator("#found-title")).to_have_text(wanted)
    return page.locator("#found-body")


@pytest.fixture(scope="module")
def desk(browser: Browser, sample: Shelf) -> Iterator[Opened]:
    """The page on a desk, in light colours, which tests use one after the other."""
    size = {"width": 1366, "height": 900}
    with opened(browser, sample.url, excused=NOT_FOUND, color_scheme="light", viewport=size) as made:
        live(made[0])
        yield made


@pytest.fixture
def page(desk: Opened) -> Page:
    return desk[0]


def test_numbers_are_the_apis(page: Page, sample: Shelf) -> None:
    figures = sample.get("/v1/figures")
    letters = sum(letter["count"] for letter in figures["deadLetters"])
    assert figures["applied"] > 20_000
    assert letters > 0
    for name, number in {
        "applied": figures["applied"], "letters": letters, "behind": 0, "workers": 1,
        "overbooked": figures["overbookedNights"], "negative": figures["negativeStockRows"],
    }.items():  # fmt: skip
        expect(page.locator(f"#tile-{name}")).to_have_text(shown(number))
    cells = page.locator("#partitions .strip .cell").all()
    assert len(cells) == 42
    assert all("0 records behind" in (cell.get_attribute("title") or "") for cell in cells)
    picture(page, "desktop-light")


PAINTED = """async (values) => {
  const { Chart } = await import("/assets/charts.js");
  const box = document.createElement("div");
  box.style.cssText = "width: 400px; height: 200px";
  document.body.append(box);
  const series = [{ label: "p99", colour: "accent", fill: true }];
  const chart = new Chart(box, { series, format: String, tick: String, timeText: String, label: "latency" });
  chart.show([values.map((_, at) => at), values], { from: 0, to: values.length });
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const painted = box.querySelector("canvas").toDataURL();
  box.remove();
  return painted;
}"""


def test_one_value_between_gaps_is_drawn(page: Page) -> None:
    first, second = [None, 7, None, None], [None, None, 7, None]  # nothing else of the two pictures differs
    assert page.evaluate(PAINTED, first) == page.evaluate(PAINTED, first)
    assert page.evaluate(PAINTED, first) != page.evaluate(PAINTED, second)


def test_low_stock_is_the_apis_for_each_threshold(page: Page, sample: Shelf) -> None:
    for threshold in ("20", "5"):
        page.select_option("#threshold", threshold)
        items = sample.get(f"/v1/low-stock?threshold={threshold}&limit=50")["items"]
        expect(page.locator("#low tbody tr")).to_have_count(len(items))
        rows = [row.split("\t") for row in page.locator("#low tbody tr").all_inner_texts()]
        assert rows == [[item["storeId"], item["itemId"], shown(item["onHand"])] for item in items]


def test_windows_are_the_apis(page: Page, sample: Shelf) -> None:
    for name, fields in {
        "sales": ("unitsSold", "unitsReturned"), "bookings": ("confirmed", "cancelled"),
        "payments": ("completed", "failed"),
    }.items():  # fmt: skip
        expect(page.locator(f"#{name} .rank").first).to_be_visible()
        span = page.locator(f"#{name}").evaluate("box => ({...box.dataset})")
        query = f"from={span['from']}&to={span['to']}"
        windows = sample.get(f"/v1/windows/{name}?{query}&size={span['size']}")["windows"]
        sums = [shown(sum(window[field] for window in windows)) for field in fields]
        assert sums[0] != "0"
        assert page.locator(f"#{name} .legend b").all_inner_texts() == sums
        ranking = sample.get(f"/v1/windows/{name}/ranking?{query}&limit=6")["ranking"]
        keys = page.locator(f"#{name} .rank").evaluate_all("rows => rows.map(row => row.dataset.key)")
        assert keys == [row["key"] for row in ranking]


def test_one_store_of_the_sales(page: Page, sample: Shelf) -> None:
    rank = page.locator("#sales .rank").first
    store, units = rank.get_attribute("data-key"), rank.locator(".number").inner_text()
    rank.click()
    expect(page.locator("#sales .legend b").first).to_have_text(units)
    page.locator("#sales .rank").filter(has_text="All stores").click()
    expect(page.locator("#sales .legend b").first).not_to_have_text(units)
    assert store


def test_overbooked_nights_are_the_apis(page: Page, sample: Shelf) -> None:
    nights = sample.get("/v1/overbooked?from=2016-06-01&to=2018-05-31&limit=50")["nights"]
    assert nights
    expect(page.locator("#overbooked tbody tr")).to_have_count(len(nights))
    hotels = page.locator("#overbooked tbody .link").all_inner_texts()
    assert hotels == [night["hotelId"] for night in nights]


def test_a_store_is_found(page: Page, sample: Shelf) -> None:
    store = page.locator("#low .link").first.inner_text()
    page.locator("#low .link").first.click()
    body = page.locator("#found-body")
    expect(body.locator("h3")).to_contain_text("Store")
    items = sample.get(f"/v1/stores/{store}/stock")["items"]
    rows = [row.split("\t")[:3] for row in body.locator("tbody tr").all_inner_texts()]
    assert rows == [[item["itemId"], shown(item["onHand"]), shown(item["sold"])] for item in items]
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_be_hidden()


def test_a_hotel_is_found_with_its_calendar(page: Page, sample: Shelf) -> None:
    search(page, HOTEL)
    calendar = page.locator("#found .calendar")
    calendar.locator("select").select_option("A")
    while calendar.locator("caption", has_text="July 2016").count() == 0:
        calendar.get_by_label("Earlier").click()
    month = calendar.locator("table", has=page.locator("caption", has_text="July 2016"))
    span = "from=2016-07-01&to=2016-08-01&roomType=A"
    nights = sample.get(f"/v1/hotels/{HOTEL}/availability?{span}")["nights"]
    over = sum(night["overbooked"] for night in nights)
    assert over > 0
    expect(month.locator("td.over")).to_have_count(over)
    free = [night["available"] for night in nights if not night["overbooked"] and not night["closed"]]
    texts = month.locator("td:not(.over) .free").all_inner_texts()
    assert [int(text) for text in texts if text.isdigit()] == free
    accessible(page)
    picture(page, "hotel")


def test_a_booking_and_its_payment_are_found(page: Page, sample: Shelf) -> None:
    payment = sample.get(f"/v1/payments/{PAYMENT}")
    body = search(page, PAYMENT)
    expect(body).to_contain_text(payment["status"].lower())
    body.get_by_role("button", name=payment["bookingId"]).click()
    booking = sample.get(f"/v1/bookings/{payment['bookingId']}")
    expect(body).to_contain_text("Arrival")
    expect(body).to_contain_text(booking["status"].lower())
    expect(body).to_contain_text(booking["hotelId"])
    assert booking["customerId"] not in body.inner_text()
    expect(search(page, "nobody-has-this-id")).to_contain_text("is known")


def test_dead_letters_show_where_and_why(page: Page, sample: Shelf) -> None:
    letters = sample.get("/v1/dead-letters")["letters"]
    page.locator("#letters .rank").first.click()
    lines = page.locator("#letters .letter-list li")
    expect(lines.first).to_contain_text("partition")
    assert {line.split("\n")[0] for line in lines.all_inner_texts()} <= {letter["error"] for letter in letters}


def test_the_keyboard_goes_everywhere(page: Page) -> None:
    page.locator("#found-close").click()
    page.reload()
    live(page)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator("body").press("/")
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.type(HOTEL)
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_be_focused()


def test_colours_can_be_chosen_and_stay(page: Page) -> None:
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    page.click("#theme")
    expect(page.locator("#theme")).to_have_attribute("aria-label", "Colours: dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != before
    page.reload()
    live(page)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    picture(page, "desktop-dark")


def test_the_page_is_small(desk: Opened) -> None:
    sizes = desk[1].sizes
    assert len(sizes) > 10
    assert sum(sizes.values()) < PAGE_BYTES_MAX


def test_it_fits_a_phone(browser: Browser, sample: Shelf) -> None:
    dark: Any = {"color_scheme": "dark", **PHONE}
    with opened(browser, sample.url, f"/#id={HOTEL}", excused=NOT_FOUND, **dark) as (page, _):
        live(page)
        expect(page.locator("#found .calendar caption").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
        accessible(page)
        picture(page, "phone-dark")


def test_the_api_is_described_for_people(browser: Browser, sample: Shelf) -> None:
    with opened(browser, sample.url, "/docs") as (page, _):
        paths = sample.get("/openapi.json")["paths"]
        expect(page.locator("details.operation form")).to_have_count(len(paths))
        page.locator("#lowStock summary").click()
        page.locator("#lowStock [name=threshold]").fill("3")
        page.locator("#lowStock button").click()
        expect(page.locator("#lowStock pre")).to_contain_text('"onHand"')
        accessible(page)
        picture(page, "docs")
