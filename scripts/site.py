"""Builds the pages of docs/ as a site, into target/docs-site/html, and checks it.

mdBook wants all its pages below one folder; ours link to files beside docs/, as they have
to on a Git host. So the pages and whatever they link to are copied with their paths, and
docs/SUMMARY.md, whose links are those of docs/, becomes that folder's. Exits 0 if every
link and anchor of the site leads somewhere and no page loads anything from elsewhere.
"""

import argparse
import html.parser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
SITE = ROOT / "target" / "docs-site"
LINK = re.compile(r"(\[[^\]]*\]\()([^)\s]+)(\))")


def inside(link, folder):
    """The file of the repository that a relative link means, or none."""
    path = link.partition("#")[0]
    if not path or "://" in link or link.startswith("mailto:"):
        return None
    target = pathlib.Path(os.path.normpath(folder / path))
    return target if (ROOT / target).is_file() else None


def page(name):
    """Where a page is in the book: mdBook makes an index of each README."""
    return name.with_name("index.md") if name.name == "README.md" else name


def gather(source):
    """Copies the chapters of docs/SUMMARY.md and what they link to."""
    docs = pathlib.Path("docs")
    summary = (ROOT / docs / "SUMMARY.md").read_text()
    chapters = [inside(link, docs) for _, link, _ in LINK.findall(summary)]
    if None in chapters:
        sys.exit("docs/SUMMARY.md: a chapter that is no file")

    def chapter(match):
        return f"{match[1]}{page(inside(match[2], docs))}{match[3]}"

    source.mkdir(parents=True)
    (source / "SUMMARY.md").write_text(LINK.sub(chapter, summary))
    for name in chapters:
        def linked(match, folder=name.parent):
            target = inside(match[2], folder)
            if target is None:
                return match[0]
            if target not in chapters:
                (source / target).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / target, source / target)
            anchor = match[2].partition("#")[1:]
            path = os.path.relpath(page(target) if target in chapters else target, folder)
            return f"{match[1]}{path}{''.join(anchor)}{match[3]}"

        to = source / page(name)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(LINK.sub(linked, (ROOT / name).read_text()))


class Page(html.parser.HTMLParser):
    """The anchors of a page, what it links to and what it loads."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.loads = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        if known.get("id"):
            self.anchors.add(known["id"])
        if tag == "a" and known.get("href"):
            self.links.append(known["href"])
        elif tag != "a":
            self.loads.extend(value for name, value in attributes if name in ("src", "href") and value)


def problems(site):
    """One line for each link that leads nowhere and each file from elsewhere."""
    pages = {path: Page(path.read_text()) for path in site.rglob("*.html") if path.name not in ("404.html", "toc.html")}
    for path, parsed in sorted(pages.items()):
        for link in parsed.links + parsed.loads:
            name = f"{path.relative_to(site)}: {link}"
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in parsed.loads and parts.scheme != "data":
                    yield f"{name}: is loaded from elsewhere"
                continue
            target = path.parent / urllib.parse.unquote(parts.path) if parts.path else path
            target = pathlib.Path(os.path.normpath(target))
            if not target.is_file():
                yield f"{name}: no such file"
            elif parts.fragment and target in pages and urllib.parse.unquote(parts.fragment) not in pages[target].anchors:
                yield f"{name}: no such heading"
    for style in site.rglob("*.css"):
        for link in re.findall(r"(?:url\(|@import )\s*['\"]?(https?:)?//[^'\")]+", style.read_text()):
            yield f"{style.relative_to(site)}: {link}: is loaded from elsewhere"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mdbook", required=True)
    mdbook = parser.parse_args().mdbook
    shutil.rmtree(SITE, ignore_errors=True)
    gather(SITE / "src")
    book = (ROOT / "docs" / "book.toml").read_text()
    (SITE / "book.toml").write_text(book.replace('src = "."', 'src = "src"'))
    shutil.copy(ROOT / "docs" / "site.css", SITE / "site.css")
    subprocess.run([mdbook, "build", "--dest-dir", str(SITE / "html"), str(SITE)], check=True)
    found = list(problems(SITE / "html"))
    print("\n".join(found) or f"{(SITE / 'html').relative_to(ROOT)}/index.html")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
