"""Whether a process stays flat: what nothing bounds may not grow. Judged as in tests/soak."""
import os
import re

SETTLES = 1 / 3  # of the time: pools of connections, arenas of threads


class Samples:
    def __init__(self, process):
        self.process = process
        self.taken = []  # (seconds, resident MB, MB by bounded purpose)

    def take(self, seconds, metrics):
        held = {}
        for kind, purpose, value in re.findall(
                r'^hansard_memory_(budget_)?bytes\{purpose="(\w+)"\} (\S+)$', metrics, re.M):
            held.setdefault(purpose, {})[kind or "held"] = float(value) / 1e6
        with open(f"/proc/{self.process}/statm") as statm:
            resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        self.taken.append((seconds, resident, {
            purpose: min(both["held"], both["budget_"] or both["held"]) for purpose, both in held.items()}))

    def unbounded(self):
        """Resident memory without the most that each bounded purpose has had so far: an allocator keeps
        what it was given back."""
        most = {}
        for seconds, resident, held in self.taken:
            for purpose, value in held.items():
                most[purpose] = max(most.get(purpose, 0), value)
            yield seconds, resident - sum(most.values())

    def growth_per_minute(self):
        """Slope of a straight line by least squares, over the later two thirds."""
        points = list(self.unbounded())
        points = points[int(len(points) * SETTLES):]
        mean_x = sum(x for x, _ in points) / len(points)
        mean_y = sum(y for _, y in points) / len(points)
        spread = sum((x - mean_x) ** 2 for x, _ in points)
        return 60 * sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0

    def some(self, lines):
        """At most `lines` of them, evenly: seconds, resident MB, MB that nothing bounds."""
        both = [(seconds, taken[1], rest) for taken, (seconds, rest) in zip(self.taken, self.unbounded())]
        return both[::max(1, len(both) // lines)]

    def peak(self):
        return max(resident for _, resident, _ in self.taken)


def descriptors(process):
    """Open ones, without those of the database, which come and go with compactions."""
    count = 0
    for name in os.listdir(f"/proc/{process}/fd"):
        try:
            count += "/db/" not in os.readlink(f"/proc/{process}/fd/{name}")
        except FileNotFoundError:
            pass
    return count
