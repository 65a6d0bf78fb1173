"""Debian's cloud kernel, unpacked into a directory of the build tree; nothing is installed on this machine."""
import pathlib
import shutil
import subprocess

META_PACKAGE = "linux-image-cloud-amd64"


class Trouble(Exception):
    """What keeps the machine from starting, said to people."""


def _apt(arguments, directory, lists=None):
    """Package lists of our own, where the machine's are missing or name a version that is gone by now."""
    own = ["-o", f"Dir::State::lists={lists}"] if lists else []
    return subprocess.run(
        arguments[:1] + own + arguments[1:], cwd=directory, capture_output=True, text=True, timeout=300, check=False
    )


def _download(directory, lists=None):
    """The package file, or None with apt's words."""
    depends = _apt(["apt-cache", "depends", META_PACKAGE], directory, lists)
    names = [line.split(":", 1)[1].strip() for line in depends.stdout.splitlines() if "Depends:" in line]
    names = [name for name in names if name.startswith("linux-image-")]
    if not names:
        return None, depends.stderr or f"apt knows no {META_PACKAGE}"
    fetched = _apt(["apt-get", "download", names[0]], directory, lists)
    files = sorted(directory.glob("linux-image-*.deb"))
    return (files[-1], "") if fetched.returncode == 0 and files else (None, fetched.stderr)


def fetch(directory):
    """The unpacked package: <directory>/root with boot/vmlinuz-* and lib/modules/*. Kept from run to run."""
    root = directory / "root"
    if root.is_dir():
        return root
    directory.mkdir(parents=True, exist_ok=True)
    package, problem = _download(directory)
    if package is None:
        lists = directory / "lists"
        (lists / "partial").mkdir(parents=True, exist_ok=True)
        updated = _apt(["apt-get", "update"], directory, lists)
        package, problem = _download(directory, lists)
        problem = updated.stderr + problem
    if package is None:
        raise Trouble(f"the package {META_PACKAGE} cannot be downloaded:\n{problem}")
    unpacked = directory / "unpacking"
    shutil.rmtree(unpacked, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True, timeout=120)
    # The package's installation would do this.
    subprocess.run(["busybox", "depmod", "-b", unpacked, version_of(unpacked)], check=True, timeout=120)
    unpacked.rename(root)
    package.unlink()
    return root


def version_of(root):
    return next((pathlib.Path(root) / "lib/modules").iterdir()).name


def image_of(root):
    return next((pathlib.Path(root) / "boot").glob("vmlinuz-*"))


def with_dependencies(root, wanted):
    """Files of modules, each after those it needs."""
    base = pathlib.Path(root) / "lib/modules" / version_of(root)
    needs = {}
    for line in (base / "modules.dep").read_text().splitlines():
        file, _, rest = line.partition(":")
        needs[file] = rest.split()
    names = {pathlib.Path(file).stem.replace("-", "_"): file for file in needs}
    ordered = []

    def add(file):
        for other in needs[file]:
            add(other)
        if file not in ordered:
            ordered.append(file)

    for name in wanted:
        if name not in names:
            raise Trouble(f"the kernel has no module '{name}'")
        add(names[name])
    return [base / file for file in ordered]
