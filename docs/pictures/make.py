"""Makes the README's pictures in a browser: the sandbox's page of deployments, and the summary of a gated deployment.

python docs/pictures/make.py            writes deployments.png and summary.png beside this file

Signs need a font that has them, such as fonts-noto-color-emoji.
"""

from __future__ import annotations

import datetime
import shutil
import struct
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import job
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from jira_sandbox import example
from jira_sandbox.server import Sandbox

FOLDER = Path(__file__).parent
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
_STANDING = datetime.datetime(2026, 3, 13, 14, 20, tzinfo=datetime.timezone.utc)  # so that it is always the same one
_LARGEST = 150_000
_SIZE: ViewportSize = {"width": 1000, "height": 1000}
_NARROWER: ViewportSize = {"width": 880, "height": 400}


def main() -> int:
    """Writes the pictures; the exit code says whether they are some for a README."""
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        sys.stderr.write(f"No browser: none of {', '.join(_BROWSERS)} is on the PATH.\n")
        return 2
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        with Sandbox() as sandbox:
            sandbox.clock.standing = _STANDING.timestamp()
            example.fill(sandbox.site)
            taken = {
                "deployments.png": _deployments(browser, sandbox.address),
                "summary.png": _summary(browser, sandbox),
            }
        browser.close()
    return max(_written(FOLDER / name, smaller(picture)) for name, picture in taken.items())


def _written(target: Path, picture: bytes) -> int:
    target.write_bytes(picture)
    sys.stdout.write(f"{target}: {len(picture) / 1000:.0f} KB (at most {_LARGEST / 1000:.0f} KB)\n")
    return 0 if len(picture) <= _LARGEST else 1


def _deployments(browser: Browser, address: str) -> bytes:
    page = browser.new_page(viewport=_SIZE, device_scale_factor=2, color_scheme="light", reduced_motion="reduce")
    page.goto(f"{address}/deployments")
    # The newest one that failed: lanes are no order of time, places on them are.
    failed = page.locator(".m:has(use[href='#failed'])").all()
    max(failed, key=lambda one: (one.bounding_box() or {"x": 0.0})["x"]).hover()
    timeline = page.locator(".timeline").bounding_box()
    height = timeline["y"] + timeline["height"] + 12 if timeline else _SIZE["height"]
    return page.screenshot(clip={"x": 0, "y": 0, "width": _SIZE["width"], "height": height})


def _summary(browser: Browser, sandbox: Sandbox) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        text = job.deploy(Path(folder), sandbox)
    page = browser.new_page(viewport=_NARROWER, device_scale_factor=2, color_scheme="light")
    page.set_content(job.as_github(text))
    return page.screenshot(full_page=True)


def smaller(png: bytes) -> bytes:
    """The picture in the 256 colours that it has most of, and without what is not needed to show it."""
    head, parts = _parts(png)
    width, height, depth, kind = struct.unpack(">IIBB", parts[b"IHDR"][:10])
    step = {2: 3, 6: 4}[kind]
    rows = list(_rows(zlib.decompress(parts[b"IDAT"]), width * step, step))
    pixels = [bytes(row[at : at + 3]) for row in rows for at in range(0, width * step, step)]
    palette = [colour for colour, _ in Counter(pixels).most_common(256)]
    number = {colour: palette.index(_nearest(colour, palette)) for colour in set(pixels)}
    indexed = bytes(number[one] for one in pixels)
    lines = b"".join(b"\0" + indexed[at : at + width] for at in range(0, width * height, width))
    shape = struct.pack(">IIBB", width, height, depth, 3) + b"\0\0\0"
    kept = ((b"IHDR", shape), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return head + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in kept
    )


def _parts(png: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    parts: dict[bytes, bytes] = {}
    at = 8
    while at < len(png):
        size, name = struct.unpack(">I4s", png[at : at + 8])
        parts[name] = parts.get(name, b"") + png[at + 8 : at + 8 + size]
        at += size + 12
    return png[:8], parts


def _rows(data: bytes, width: int, step: int) -> Iterator[bytearray]:
    """The lines of a picture, of which each is written as what it differs in from its neighbours."""
    above = bytearray(width)
    for start in range(0, len(data), width + 1):
        row = bytearray(data[start + 1 : start + 1 + width])
        for at in range(width):
            left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
            guess = (0, left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))[data[start]]
            row[at] = (row[at] + guess) & 255
        yield row
        above = row


def _paeth(left: int, up: int, corner: int) -> int:
    """https://www.w3.org/TR/png-3/#9Filter-type-4-Paeth"""
    guess = left + up - corner
    return min((left, up, corner), key=lambda one: abs(guess - one))


def _nearest(colour: bytes, palette: list[bytes]) -> bytes:
    return min(palette, key=lambda one: sum((a - b) ** 2 for a, b in zip(one, colour, strict=True)))


if __name__ == "__main__":
    sys.exit(main())
