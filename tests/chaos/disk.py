"""A small disk of our own, which can be full: a tmpfs where root may mount one."""

import errno
import os

from daemon import libc

CLONE_NEWNS = 0x00020000
MS_RDONLY = 1
MS_REMOUNT = 32
MS_REC_PRIVATE = 0x4000 | 1 << 18


class Disk:
    """
    Mounted for this process and those that it starts, in a mount namespace
    that ends with them. Where that is not allowed it is a plain folder, which
    cannot be filled: is_small says so.
    """

    def __init__(self, path, size_bytes):
        self.path = path
        self.size_bytes = size_bytes
        os.makedirs(path, exist_ok=True)
        self.is_small = self._mount()

    def _mount(self):
        if libc.unshare(CLONE_NEWNS) != 0:
            return False
        libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None)
        return self._call_mount(0)

    def _call_mount(self, flags):
        options = f"size={self.size_bytes},mode=0700".encode()
        return libc.mount(b"none", self.path.encode(), b"tmpfs", flags, options) == 0

    @property
    def _ballast(self):
        return f"{self.path}/ballast"

    def fill(self):
        """Not a byte is left."""
        step = 1 << 20
        file = os.open(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            while step > 0:
                try:
                    if os.write(file, bytes(step)) < step:
                        step //= 2
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    step //= 2
        finally:
            os.close(file)

    def free(self):
        try:
            os.unlink(self._ballast)
        except FileNotFoundError:
            pass

    def set_read_only(self, is_read_only):
        """Nobody may have a file of it open for writing. False: not possible."""
        return self.is_small and self._call_mount(MS_REMOUNT | (MS_RDONLY if is_read_only else 0))
