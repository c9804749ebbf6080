"""Builds what a release consists of, into target/dist/.

The module, its SHA-256, a CycloneDX list of what is in it, the JSON Schema of routing documents,
the version's section of CHANGELOG.md, and an archive with all that a start needs beside Envoy: the
module, the tool and the mock provider for this machine's platform, Envoy's configurations, and the
documentation. SHA256SUMS has the checksums of all of them.

The same sources give the same bytes wherever they lie: paths of this machine are taken out, and
nothing of the environment changes a setting. Programs also depend on the linker of this machine.
With --check the sources are built a second time in another folder, and the module and the programs
compared. Exits 0 if all is well.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "target" / "dist"
TARGET = "wasm32-wasip1"
# What envoy/*.yaml name, from the root of the sources.
MODULE_OF_SOURCES = b"filename: target/wasm32-wasip1/release/pointsman.wasm"
# For the site of the documentation only.
LEFT_OUT = ("docs/book.toml", "docs/site.css")
# What cargo and rustc would take settings from.
SETTINGS = re.compile(r"^(RUSTFLAGS|RUSTC_.*|CARGO_ENCODED_RUSTFLAGS|CARGO_INCREMENTAL|CARGO_(BUILD|PROFILE|TARGET)_.*)$")


def environment():
    return {name: value for name, value in os.environ.items() if not SETTINGS.match(name)}


def run(folder, *command):
    """What a command prints."""
    done = subprocess.run(command, cwd=folder, env=environment(), text=True, stdout=subprocess.PIPE, check=True)
    return done.stdout


def metadata(folder):
    return json.loads(run(folder, "cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", TARGET))


def remaps(folder, packages):
    """(path of this machine, what stands for it) of all that the compiler reads."""
    about = run(folder, "rustc", "-vV")
    commit = re.search(r"^commit-hash: (\w+)$", about, re.MULTILINE)[1]
    library = pathlib.Path(run(folder, "rustc", "--print", "sysroot").strip()) / "lib/rustlib/src/rust"
    # Each registry has a folder, whose name begins with its host.
    registries = {pathlib.Path(package["manifest_path"]).parent.parent for package in packages if package["source"]}
    yield folder, "pointsman"
    yield library, f"/rustc/{commit}"
    for registry in sorted(registries):
        yield registry, "registry"


def host():
    """This machine's platform, as Rust names it."""
    return re.search(r"^host: (\S+)$", run(ROOT, "rustc", "-vV"), re.MULTILINE)[1]


def platform(triple):
    """That platform as the archive names it: x86_64-linux."""
    architecture, _, system, *_ = triple.split("-")
    return f"{architecture}-{system}"


def build(folder, packages, into):
    """The module and the programs of the sources in a folder, as bytes by their file names."""
    flags = [f"--remap-path-prefix={path}={name}" for path, name in remaps(folder, packages)]
    native = host()

    def built(name, target, *arguments):
        settings = f"target.{target}.rustflags={json.dumps(flags)}"
        run(folder, "cargo", "build", "--quiet", "--release", "--locked", "--target", target,
            "--target-dir", str(into), "--config", settings, *arguments)
        return into / target / "release" / name

    module = built("pointsman.wasm", TARGET, "--lib")
    strip = into / "strip_exports"
    run(folder, "rustc", "--edition", "2024", "-O", "-o", str(strip), "scripts/strip_exports.rs")
    run(folder, str(strip), "src/filter/exports.txt", str(module))
    tool = built("pointsman", native, "--bin", "pointsman")
    mock = built("mock_provider", native, "--manifest-path", "tests/mock/Cargo.toml")
    return {path.name: path.read_bytes() for path in (module, tool, mock)}


def paths_in(module, packages):
    """Names of this machine that are left in a module or program."""
    places = {str(ROOT), str(pathlib.Path.home())}
    places.update(str(pathlib.Path(package["manifest_path"]).parent.parent.parent) for package in packages if package["source"])
    return [place for place in sorted(places) if place != "/" and place.encode() in module]


def contained(packages):
    """The packages that are compiled into the module: no macros, no build scripts, no tests."""
    lines = run(ROOT, "cargo", "tree", "--locked", "--target", TARGET, "--edges", "normal,no-proc-macro",
                "--prefix", "none", "--no-dedupe", "--format", "{p}")
    named = set(re.findall(r"^(\S+) v(\S+)", lines, re.MULTILINE))
    return [package for package in packages if (package["name"], package["version"]) in named]


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def sbom(about, root, digest):
    """A CycloneDX document of what is in the module."""
    inside = [package for package in contained(about["packages"]) if package["id"] != root["id"]]
    lock = (ROOT / "Cargo.lock").read_text()
    sums = {(name, version): digest for name, version, digest in
            re.findall(r'name = "(.+)"\nversion = "(.+)"\nsource = .+\nchecksum = "(\w+)"', lock)}
    rust = re.search(r"^release: (\S+)$", run(ROOT, "rustc", "-vV"), re.MULTILINE)[1]
    library = {"type": "library", "bom-ref": f"pkg:generic/rust-std@{rust}", "name": "rust-std", "version": rust,
               "purl": f"pkg:generic/rust-std@{rust}", "licenses": [{"expression": "MIT OR Apache-2.0"}],
               "description": f"Rust's standard library for {TARGET}, as the toolchain ships it"}
    components = [library]
    for package in sorted(inside, key=purl):
        components.append({
            "type": "library", "bom-ref": purl(package), "name": package["name"], "version": package["version"],
            "purl": purl(package), "licenses": [{"expression": package["license"].replace("/", " OR ")}],
            "hashes": [{"alg": "SHA-256", "content": sums[package["name"], package["version"]]}],
        })
    refs = {package["id"]: purl(package) for package in [*inside, root]}
    edges = {node["id"]: [dep["pkg"] for dep in node["deps"]] for node in about["resolve"]["nodes"]}
    dependencies = [{"ref": ref, "dependsOn": sorted({refs[to] for to in edges[package] if to in refs} | {library["bom-ref"]})}
                    for package, ref in sorted(refs.items(), key=lambda item: item[1])]
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        # By the module, so that the document is the same each time, too.
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_OID, digest).urn,
        "metadata": {"component": {
            "type": "library", "bom-ref": purl(root), "name": root["name"], "version": root["version"],
            "purl": purl(root), "description": root["description"], "licenses": [{"expression": root["license"]}],
            "hashes": [{"alg": "SHA-256", "content": digest}],
        }},
        "components": components,
        "dependencies": dependencies,
    }


def section(version):
    """What CHANGELOG.md says of a version, or of what is not released yet."""
    sections = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    for wanted in (version, "Unreleased"):
        for text in sections:
            if re.match(rf"\[?{re.escape(wanted)}\]?\s", text):
                return wanted, f"## {text.rstrip()}\n"
    sys.exit(f"CHANGELOG.md has no section {version}, nor Unreleased")


def elsewhere(programs, packages):
    """Builds a copy of the sources in another folder; whether its bytes are the same."""
    with tempfile.TemporaryDirectory(prefix="pointsman-elsewhere-") as place:
        copy = pathlib.Path(place) / "another folder"
        for name in run(ROOT, "git", "ls-files", "-z").split("\0"):
            if name and (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        others = build(copy, packages, pathlib.Path(place) / "target")
    for name, one in programs.items():
        other = others[name]
        if one != other:
            differs = next((at for at, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
            print(f"{name}: the bytes differ from {differs} on: {len(one)} and {len(other)}", file=sys.stderr)
    return others == programs


def archive(folder, programs, schema):
    """A tar.gz of what starts without a toolchain, below one folder; the same bytes each time."""
    files = {name: (content, 0o755) for name, content in programs.items()}
    files["pointsman.wasm"] = (programs["pointsman.wasm"], 0o644)
    files["pointsman.schema.json"] = (schema.encode(), 0o644)
    for name in run(ROOT, "git", "ls-files", "-z", "release", "envoy", "docs", "*.md", "LICENSE").split("\0"):
        if not name or name.startswith(LEFT_OUT) or "/" in name and not name.startswith(("release/", "envoy/", "docs/")):
            continue
        content = (ROOT / name).read_bytes()
        if name.startswith("envoy/") and name.endswith(".yaml"):
            content = content.replace(MODULE_OF_SOURCES, b"filename: pointsman.wasm")
        files[name.removeprefix("release/")] = (content, 0o644)
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed, tarfile.open(fileobj=compressed, mode="w") as tar:
        for name, (content, mode) in sorted(files.items()):
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="build it in another folder, too, and compare")
    check = parser.parse_args().check
    about = metadata(ROOT)
    root = next(package for package in about["packages"] if package["id"] == about["resolve"]["root"])
    version = root["version"]
    OUT.mkdir(parents=True, exist_ok=True)
    programs = build(ROOT, about["packages"], OUT / "build")
    for program, content in programs.items():
        if left := paths_in(content, about["packages"]):
            sys.exit(f"{program} names {', '.join(left)}")
    if check and not elsewhere(programs, about["packages"]):
        sys.exit("the release is not reproducible")
    module = programs["pointsman.wasm"]
    digest = hashlib.sha256(module).hexdigest()
    name = f"pointsman-{version}"
    title, changes = section(version)
    schema = run(ROOT, str(OUT / "build" / host() / "release" / "pointsman"), "schema")
    folder = f"{name}-{platform(host())}"
    files = {
        f"{name}.wasm": module,
        f"{name}.wasm.sha256": f"{digest}  {name}.wasm\n".encode(),
        f"{name}.cdx.json": (json.dumps(sbom(about, root, digest), indent=2) + "\n").encode(),
        f"{name}.changes.md": changes.encode(),
        "pointsman.schema.json": schema.encode(),
        f"{folder}.tar.gz": archive(folder, programs, schema),
    }
    files["SHA256SUMS"] = "".join(f"{hashlib.sha256(content).hexdigest()}  {file}\n" for file, content in files.items()).encode()
    for file, content in files.items():
        (OUT / file).write_bytes(content)
    for file in (f"{name}.wasm", f"{folder}.tar.gz"):
        print(f"{OUT.relative_to(ROOT)}/{file}: {len(files[file])} bytes, sha256 {hashlib.sha256(files[file]).hexdigest()}")
    print(f"changes: section {title}" + ("; another folder gives the same bytes" if check else ""))


if __name__ == "__main__":
    main()
