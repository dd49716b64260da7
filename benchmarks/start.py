"""How long `chiso extract` takes on one small file, beside `import underthesea` in the same run: must stay under twice it."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TEXT = "Chỉ số PAR INDEX năm 2021 của Hưng Yên đạt 88,34, đứng thứ 12/63. Ở SIPAS, tỉnh được 92,07%."
LIMIT = 2.0
ROUNDS = 7


def seconds(command: list[str]) -> float:
    """Return the wall time of one process."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 (our own commands)
    return time.perf_counter() - started


def main() -> int:
    """Print both medians and their ratio; 1 if the limit is passed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.txt"
        file.write_text(TEXT, encoding="utf-8")
        chiso = [str(Path(sys.executable).parent / "chiso"), "extract", str(file)]
        peer = [sys.executable, "-c", "import underthesea"]
        # Taken in turns, so that a busy machine slows both alike.
        times = [(seconds(chiso), seconds(peer)) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"chiso extract {ours:.2f} s, import underthesea {theirs:.2f} s, ratio {ours / theirs:.2f} (limit {LIMIT})")  # noqa: T201
    return 0 if ours / theirs <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
