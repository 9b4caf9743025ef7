"""A movie of the window, as .gif or .mp4."""

import contextlib
import os
import subprocess

import numpy as np
from PIL import Image

from keras_window.files import replacing


class Movie:
    """A movie of a figure with at most `LIMIT` frames, written as .gif or .mp4.

    When the limit is reached, every second frame is dropped, and from then on half as many are kept.
    """

    LIMIT = 240
    WIDTH = 1344

    def __init__(self, path, per_second=12):
        self.path, self.per_second = path, per_second
        self._frames, self._every, self._offered = [], 1, 0

    def add(self, canvas):
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
        height = round(self.WIDTH * picture.height / picture.width / 2) * 2
        picture = picture.resize((self.WIDTH, height), Image.Resampling.BILINEAR)
        self._last = picture.quantize(128, Image.Quantize.FASTOCTREE)
        if self._offered % self._every == 0:
            self._frames.append(self._last)
        self._offered += 1
        if len(self._frames) == self.LIMIT:
            self._frames = self._frames[::2]
            self._every *= 2

    def save(self):
        """Write the movie. Raises OSError if it cannot be written."""
        if not self._offered:
            return
        size = self._frames[0].size
        frames = [
            frame if frame.size == size else frame.resize(size) for frame in [*self._frames, self._last]
        ]
        with replacing(self.path) as new:
            if self.path.suffix.lower() == ".gif":
                duration = 1000 // self.per_second
                durations = [duration] * (len(frames) - 1) + [3000]
                frames[0].save(new, save_all=True, append_images=frames[1:], duration=durations, loop=0)
            else:
                self._write_mp4(frames, size, new)

    def _write_mp4(self, frames, size, path):
        """Run ffmpeg directly, because imageio_ffmpeg's own writer does not report a full disk."""
        import imageio_ffmpeg

        command = [
            imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y",
            "-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", f"{size[0]}x{size[1]}",
            "-framerate", str(self.per_second), "-i", "-", "-pix_fmt", "yuv420p", os.fspath(path),
        ]  # fmt: skip
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        with contextlib.suppress(OSError):  # the pipe is closed; ffmpeg says why
            for frame in frames:
                process.stdin.write(frame.convert("RGB").tobytes())
        _, trouble = process.communicate()
        if process.returncode:
            raise OSError(f"ffmpeg: {trouble.decode(errors='replace').strip()}")
