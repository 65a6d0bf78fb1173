"""The machine's disk: an ext4 image with the tools, libraries, sources and programs that the tests use, at the paths
they have here."""
import os
import pathlib
import re
import shutil
import subprocess

from kernel import Trouble, version_of, with_dependencies

# Whole packages, so that no test is surprised by a tool that is half there.
PACKAGES = [
    "bash", "dash", "coreutils", "util-linux", "mount", "procps", "iproute2", "nftables", "curl", "tar", "gzip",
    "grep", "sed", "findutils", "diffutils", "debianutils", "busybox-static", "base-passwd", "python3-minimal",
    "python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib", "media-types", "netbase", "xz-utils",
]  # fmt: skip
PYTHON_MODULES = ["docker", "requests", "urllib3", "chardet", "idna", "certifi", "six.py", "packaging", "websocket"]
SYSTEMD_PACKAGES = ["systemd"]  # for a machine whose first process it is
LEFT_OUT = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/", "/usr/share/info/", "/usr/share/bash-completion/")
BUILD_PARTS = ["bin", "lib", "fixtures"]
ROOT_SIZE = "6G"  # sparse


class Tree:
    """A directory that fills with links to this machine's files: nothing is copied on the same file system."""

    def __init__(self, root):
        self.root = root
        shutil.rmtree(root, ignore_errors=True)
        for directory in ["usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc", "tmp", "dev", "proc", "sys", "run", "root",
                          "var/tmp", "var/lib", "slipway-vm"]:  # fmt: skip
            (root / directory).mkdir(parents=True, exist_ok=True)
        for name in ["bin", "sbin", "lib", "lib64"]:
            (root / name).symlink_to("usr/" + name)
        os.chmod(root / "tmp", 0o1777)

    def place(self, path):
        """`path` below the tree, with /bin and the like written as what they link to."""
        return self.root / re.sub(r"^/(bin|sbin|lib|lib64)/", r"/usr/\1/", str(path)).lstrip("/")

    def add(self, path):
        source, target = pathlib.Path(path), self.place(path)
        if target.is_symlink() or target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            target.symlink_to(os.readlink(source))
            self.add(source.parent / os.readlink(source))
        elif source.is_dir():
            target.mkdir(exist_ok=True)
        elif source.is_file():
            link_or_copy(source, target)

    def add_below(self, directory, leave_out=()):
        for at, names, files in os.walk(directory):
            names[:] = [name for name in names if name not in leave_out]
            for name in files + [name for name in names if (pathlib.Path(at) / name).is_symlink()]:
                if not name.endswith((".a", ".o", ".pyc")):
                    self.add(pathlib.Path(at) / name)

    def add_libraries(self):
        """What the programs in the tree are linked with."""
        programs = [
            file for part in ["usr/bin", "usr/sbin", "usr/lib"] for file in (self.root / part).rglob("*") if is_elf(file)
        ]
        self.add_libraries_of(programs)

    def add_libraries_of(self, programs):
        for start in range(0, len(programs), 200):
            told = subprocess.run(["ldd", *programs[start : start + 200]], capture_output=True, text=True, check=False)
            for found in re.findall(r"(?:=> )?(/\S+) \(0x", told.stdout):
                self.add(found)

    def write(self, path, text, mode=0o644):
        target = self.place(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)  # never through a link to a file of this machine
        target.write_text(text)
        target.chmod(mode)


def link_or_copy(source, target):
    try:
        os.link(source, target)
    except OSError:  # another file system, or not ours
        shutil.copy2(source, target)


def is_elf(file):
    if file.is_symlink() or not file.is_file():
        return False
    with open(file, "rb") as opened:
        return opened.read(4) == b"\x7fELF"


def add_tools(tree, packages):
    listed = subprocess.run(["dpkg", "-L", *packages], capture_output=True, text=True, check=False)
    for path in listed.stdout.splitlines():
        if path.startswith("/") and not path.startswith(LEFT_OUT):
            tree.add(path)
    for module in PYTHON_MODULES:
        for path in pathlib.Path("/usr/lib/python3/dist-packages").glob(module):
            tree.add_below(path) if path.is_dir() else tree.add(path)
    docker = shutil.which("docker")
    if docker is None:
        raise Trouble("the docker client is missing; run scripts/deps --test")
    tree.add(docker)
    for path in ["/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/ld.so.conf", "/etc/ld.so.cache", "/etc/localtime",
                 "/usr/bin/sh", "/usr/bin/awk", "/usr/bin/mawk", "/etc/alternatives/awk", "/usr/lib/os-release"]:  # fmt: skip
        tree.add(path)
    if pathlib.Path("/etc/ld.so.conf.d").is_dir():
        tree.add_below("/etc/ld.so.conf.d")
    # Loading a module on demand, as the kernel asks for the parts of a firewall rule, starts this.
    for tool in ["modprobe", "insmod", "depmod"]:
        place = tree.place("/usr/sbin/" + tool)
        if not place.exists():
            place.symlink_to("/usr/bin/busybox")


def build(directory, kernel_root, source, build_tree, files, systemd=False):
    """Makes <directory>/root.img with `files` ({path: (text, mode)}) added."""
    tree = Tree(directory / "tree")
    add_tools(tree, PACKAGES + SYSTEMD_PACKAGES if systemd else PACKAGES)
    if systemd and not tree.place("/usr/lib/systemd/systemd").exists():
        raise Trouble("the package systemd is missing; run scripts/deps --test")
    for part in BUILD_PARTS:
        tree.add_below(build_tree / part)
    tree.add_below(source, leave_out=(".git", "build"))
    tree.add_libraries()
    tree.add_libraries_of([file for part in BUILD_PARTS for file in (build_tree / part).rglob("*") if is_elf(file)])
    modules = pathlib.Path("lib/modules") / version_of(kernel_root)
    shutil.copytree(kernel_root / modules, tree.place("/" + str(modules)), copy_function=link_or_copy)
    tree.write("/etc/hosts", "127.0.0.1 localhost slipway-vm\n")
    tree.write("/etc/resolv.conf", "nameserver 192.0.2.53\n")
    for path, (text, mode) in files.items():
        tree.write(path, text, mode)
    image = directory / "root.img"
    image.unlink(missing_ok=True)
    # Everything in it belongs to root, whoever runs this.
    made = subprocess.run(
        ["/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-E", "root_owner=0:0,lazy_itable_init=1", "-d",
         tree.root, image, ROOT_SIZE],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    shutil.rmtree(tree.root, ignore_errors=True)
    if made.returncode != 0:
        raise Trouble("mke2fs failed: " + made.stderr)
    return image


def build_initramfs(directory, kernel_root, init):
    """The few modules it takes to reach the disk."""
    root = directory / "initramfs"
    shutil.rmtree(root, ignore_errors=True)
    for name in ["bin", "dev", "proc", "newroot", "modules"]:
        (root / name).mkdir(parents=True)
    shutil.copy2(shutil.which("busybox"), root / "bin/busybox")
    order = []
    for module in with_dependencies(kernel_root, ["virtio_pci", "virtio_blk"]):
        shutil.copy2(module, root / "modules" / module.name)
        order.append(module.name)
    (root / "modules/order").write_text("\n".join(order) + "\n")
    (root / "init").write_text(init)
    (root / "init").chmod(0o755)
    names = "\n".join(sorted(str(path.relative_to(root)) for path in root.rglob("*"))) + "\n"
    archive = directory / "initramfs.cpio"
    with open(archive, "wb") as out:
        subprocess.run(["busybox", "cpio", "-o", "-H", "newc"], cwd=root, input=names.encode(), stdout=out, check=True,
                       stderr=subprocess.DEVNULL, timeout=60)  # fmt: skip
    shutil.rmtree(root, ignore_errors=True)
    return archive
