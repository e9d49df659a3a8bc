#!/usr/bin/python3
"""Makes the large image that the benchmarks work on, once.

usage: large_image.py OUT.wim --tools DIR [--scale 1.0]     a tree made by DIR/gentree.py and DIR/mkhive.py
       large_image.py OUT.wim --tree DIR                     a tree of your own (taken as it is)

The generated tree has the size and shape of a Windows installation, but its SYSTEM hive knows no
drivers. The keys that an image must have to be serviced (Select, ControlSet001, DriverDatabase, a
DRIVERS hive, CurrentVersion in SOFTWARE) are added here with hivex, a reader and writer that is not
ours. The capture uses wimlib-imagex at its defaults: LZX, 32 KiB chunks, level 50.
"""
import argparse
import os
import shutil
import struct
import subprocess
import sys
import tempfile

REG_SZ, REG_BINARY, REG_DWORD = 1, 3, 4
CLASSES = {  # a few set-up classes, with the names Windows gives them
    "{4d36e97d-e325-11ce-bfc1-08002be10318}": "System",
    "{4d36e972-e325-11ce-bfc1-08002be10318}": "Net",
    "{4d36e97b-e325-11ce-bfc1-08002be10318}": "SCSIAdapter",
}


def sz(text):
    return (REG_SZ, (text + "\0").encode("utf-16-le"))


def dword(number):
    return (REG_DWORD, struct.pack("<I", number))


class Editor:
    """A hive opened for writing with hivex."""

    def __init__(self, path):
        try:
            import hivex
        except ImportError:
            sys.exit("large_image.py: python3-hivex is missing (apt-get install python3-hivex)")
        self.hive = hivex.Hivex(path, write=True)

    def put(self, path, **values):
        node = self.hive.root()
        for name in path.split("\\"):
            node = self.hive.node_get_child(node, name) or self.hive.node_add_child(node, name)
        for name, (kind, data) in values.items():
            self.hive.node_set_value(node, {"key": name, "t": kind, "value": data})

    def save(self):
        self.hive.commit(None)


def driver_database(hive):
    """The empty skeleton that Windows setup leaves; OemInfMap: no oemN.inf is taken."""
    hive.put(
        "DriverDatabase",
        Version=dword(0x0A000000),
        SchemaVersion=dword(0x00010000),
        Architecture=dword(9),
        UpdateDate=(REG_BINARY, struct.pack("<Q", 133_000_000_000_000_000)),
        SetupStatus=dword(0),
        OemInfMap=(REG_BINARY, bytes(4)),
    )
    for key in ("DeviceIds", "DriverInfFiles", "DriverPackages", "DriverFiles"):
        hive.put("DriverDatabase\\" + key)


def make_serviceable(config):
    system = Editor(f"{config}/SYSTEM")
    system.put("Select", Current=dword(1), Default=dword(1), Failed=dword(0), LastKnownGood=dword(1))
    for guid, name in CLASSES.items():
        system.put(f"ControlSet001\\Control\\Class\\{guid}", Class=sz(name))
    system.put("ControlSet001\\Control\\ProductOptions", ProductType=sz("WinNT"))
    system.put("ControlSet001\\Control\\MUI\\UILanguages\\en-US", Type=dword(0x91))
    system.put("ControlSet001\\Control\\Nls\\Language", InstallLanguage=sz("0409"))
    system.put("ControlSet001\\Services")
    driver_database(system)
    system.save()
    software = Editor(f"{config}/SOFTWARE")
    software.put(
        "Microsoft\\Windows NT\\CurrentVersion",
        CurrentVersion=sz("6.3"), CurrentBuild=sz("22621"), CurrentBuildNumber=sz("22621"),
        CurrentMajorVersionNumber=dword(10), CurrentMinorVersionNumber=dword(0), UBR=dword(525),
        ProductName=sz("Windows 10 Pro"), EditionID=sz("Professional"), InstallationType=sz("Client"),
        SystemRoot=sz("C:\\Windows"),
    )
    software.save()
    drivers = Editor(f"{config}/DRIVERS")
    driver_database(drivers)
    drivers.save()


def tiny_pe(machine=0x8664):
    """Just enough of kernel32.dll for wimlib to see the architecture."""
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    coff = struct.pack("<HHIIIHH", machine, 0, 0, 0, 0, 240, 0x2022)
    return dos + b"PE\0\0" + coff + struct.pack("<H", 0x20B) + bytes(238)


def generate(tools, scale, work):
    hives, tree = f"{work}/hives", f"{work}/tree"
    os.mkdir(hives)
    run = lambda *command: subprocess.run([sys.executable, *command], check=True)
    run(f"{tools}/mkhive.py", f"{hives}/SYSTEM", "20", "1")
    run(f"{tools}/mkhive.py", f"{hives}/SOFTWARE", "80", "2")
    run(f"{tools}/gentree.py", tree, hives, str(scale))
    config = f"{tree}/Windows/System32/config"
    run(f"{tools}/mkhive.py", f"{config}/DRIVERS", "1", "3")
    if not os.path.exists(f"{config}/SOFTWARE"):  # gentree.py leaves it out at small scales
        run(f"{tools}/mkhive.py", f"{config}/SOFTWARE", "1", "2")
    make_serviceable(config)
    with open(f"{tree}/Windows/System32/kernel32.dll", "wb") as file:
        file.write(tiny_pe())
    os.makedirs(f"{tree}/Windows/INF", exist_ok=True)
    return tree


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--tools")
    parser.add_argument("--tree")
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    out = os.path.abspath(options.out)
    work = tempfile.mkdtemp(prefix="tree-", dir=os.path.dirname(out))
    try:
        tree = options.tree or generate(options.tools, options.scale, work)
        partial = f"{work}/image.wim"
        subprocess.run(
            ["wimlib-imagex", "capture", tree, partial, "Bench", "--compress=LZX", "--flags=Professional"],
            check=True, stdout=subprocess.DEVNULL,
        )
        os.rename(partial, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
