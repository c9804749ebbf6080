"""Builds what a release consists of, into target/dist/.

The module, its SHA-256, a CycloneDX list of what is in it, the JSON Schema of routing documents,
and the version's section of CHANGELOG.md. The same sources give the same bytes wherever they lie: paths of this machine
are taken out, and nothing of the environment changes a setting. With --check the sources are
built a second time in another folder, and the two modules compared. Exits 0 if all is well.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "target" / "dist"
TARGET = "wasm32-wasip1"
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


def build(folder, packages, into):
    """The module of the sources in a folder, as bytes."""
    flags = [f"--remap-path-prefix={path}={name}" for path, name in remaps(folder, packages)]
    settings = f"target.{TARGET}.rustflags={json.dumps(flags)}"
    run(folder, "cargo", "build", "--quiet", "--release", "--locked", "--lib", "--target", TARGET,
        "--target-dir", str(into), "--config", settings)
    module = into / TARGET / "release" / "pointsman.wasm"
    strip = into / "strip_exports"
    run(folder, "rustc", "--edition", "2024", "-O", "-o", str(strip), "scripts/strip_exports.rs")
    run(folder, str(strip), "src/filter/exports.txt", str(module))
    return module.read_bytes()


def paths_in(module, packages):
    """Names of this machine that are left in the module."""
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


def elsewhere(module, packages):
    """Builds a copy of the sources in another folder; whether its bytes are the same."""
    with tempfile.TemporaryDirectory(prefix="pointsman-elsewhere-") as place:
        copy = pathlib.Path(place) / "another folder"
        for name in run(ROOT, "git", "ls-files", "-z").split("\0"):
            if name and (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        other = build(copy, packages, pathlib.Path(place) / "target")
    if other == module:
        return True
    differs = next((at for at, (one, two) in enumerate(zip(module, other)) if one != two), min(len(module), len(other)))
    print(f"the bytes differ from {differs} on: {len(module)} and {len(other)}", file=sys.stderr)
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="build it in another folder, too, and compare")
    check = parser.parse_args().check
    about = metadata(ROOT)
    root = next(package for package in about["packages"] if package["id"] == about["resolve"]["root"])
    version = root["version"]
    OUT.mkdir(parents=True, exist_ok=True)
    module = build(ROOT, about["packages"], OUT / "build")
    if left := paths_in(module, about["packages"]):
        sys.exit(f"the module names {', '.join(left)}")
    if check and not elsewhere(module, about["packages"]):
        sys.exit("the module is not reproducible")
    digest = hashlib.sha256(module).hexdigest()
    name = f"pointsman-{version}"
    title, changes = section(version)
    (OUT / f"{name}.wasm").write_bytes(module)
    (OUT / f"{name}.wasm.sha256").write_text(f"{digest}  {name}.wasm\n")
    (OUT / f"{name}.cdx.json").write_text(json.dumps(sbom(about, root, digest), indent=2) + "\n")
    (OUT / f"{name}.changes.md").write_text(changes)
    schema = run(ROOT, "cargo", "run", "--quiet", "--locked", "--bin", "pointsman", "--", "schema")
    (OUT / "pointsman.schema.json").write_text(schema)
    print(f"{OUT.relative_to(ROOT)}/{name}.wasm: {len(module)} bytes, sha256 {digest}")
    print(f"changes: section {title}" + ("; another folder gives the same bytes" if check else ""))


if __name__ == "__main__":
    main()
