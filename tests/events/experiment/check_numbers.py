#!/usr/bin/env python3
"""Works out the statistics of experiments a second time, from the same inputs and from the papers,
and compares. Standard library only: the distributions are written here.

check_numbers.py PROGRAM SEED CASES   (PROGRAM prints inputs and results, a line of JSON each)
"""
import json
import math
import subprocess
import sys
from fractions import Fraction
from statistics import NormalDist

NORMAL = NormalDist()
TOLERANCE = 2e-8


def incomplete_beta(a, b, x):
    """Regularised; by its continued fraction (Abramowitz and Stegun 26.5.8), modified Lentz."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
                     + a * math.log(x) + b * math.log1p(-x))
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / d
    total = d
    for m in range(1, 10_000):
        for term in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                     -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d = 1 / (1 + term * d)
            c = 1 + term / c
            total *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return front * total / a


def t_above(t, degrees):
    tail = incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2
    return tail if t >= 0 else 1 - tail


def bisect(f, low, high):
    """Where the falling function `f` is 0."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) > 0 else (low, middle)
    return (low + high) / 2


def t_quantile_above(tail, degrees):
    return bisect(lambda t: t_above(t, degrees) - tail, -1e3, 1e3)


def chi_square_above(statistic, degrees):
    """Upper tail, by the series of the lower incomplete gamma function."""
    a, x = degrees / 2, statistic / 2
    term = total = 1 / a
    k = a
    while term > total * 1e-17:
        k += 1
        term *= x / k
        total += term
    return 1 - total * math.exp(-x + a * math.log(x) - math.lgamma(a))


def exact(values):
    return [Fraction(v) for v in values]


def mean_and_variance(case, name):
    """Of one unit; in fractions, so that no rounding hides a mistake."""
    values = exact(case[name])
    n = len(values)
    mean = sum(values) / n
    if case["kind"] == "proportion":
        return n, float(mean), float(mean * (1 - mean))
    if case["kind"] == "mean":
        return n, float(mean), float(sum((v - mean) ** 2 for v in values) / (n - 1))
    below = exact(case[name + "_below"])
    ratio = sum(values) / sum(below)
    # The delta method is the variance of what is left of the ratio in each unit.
    left = [(v - ratio * d) / (sum(below) / n) for v, d in zip(values, below)]
    centre = sum(left) / n
    return n, float(ratio), float(sum((v - centre) ** 2 for v in left) / (n - 1))


class Checker:
    def __init__(self):
        self.compared = 0
        self.wrong = []

    def same(self, case, name, expected):
        found = case[name]
        self.compared += 1
        if expected is None or found is None:
            good = expected is None and found is None
        else:
            good = abs(found - expected) <= TOLERANCE * max(1e-9, abs(expected), abs(found))
            # A p that has all but vanished.
            good = good or (name.endswith("_p") and max(found, expected) < 1e-12)
        if not good:
            self.wrong.append(f"{case['kind']} {name}: {found}, worked out again {expected}")

    def verdict(self, case, name, lower, upper, p):
        self.same(case, name + "_lower", lower)
        self.same(case, name + "_upper", upper)
        self.same(case, name + "_p", p)

    def two_samples(self, case):
        na, a, va = mean_and_variance(case, "a")
        nb, b, vb = mean_and_variance(case, "b")
        alpha, tuned = case["alpha"], case["tuned_for"]
        ea, eb = va / na, vb / nb
        if ea + eb == 0:
            self.compared += 1
            if case["absolute_reason"] != "zero_variance":
                self.wrong.append(f"{case['kind']}: nothing varies, and a verdict is given")
            return
        degrees = (ea + eb) ** 2 / (ea ** 2 / (na - 1) + eb ** 2 / (nb - 1))
        n = na + nb
        for scale in ("absolute", "relative"):
            if scale == "relative" and a == 0:
                if case["relative_reason"] != "zero_baseline":
                    self.wrong.append(f"{case['kind']}: relative to nothing")
                continue
            if scale == "relative" and eb == 0 and b == 0:
                if case["relative_reason"] != "zero_variance":
                    self.wrong.append(f"{case['kind']}: all of the baseline less, for sure")
                continue
            difference, error = b - a, math.sqrt(ea + eb)
            if scale == "relative":
                difference /= abs(a)
                error = math.sqrt(eb / a ** 2 + ea * b ** 2 / a ** 4)
            self.same(case, scale, difference)
            self.same(case, scale + "_error", error)
            self.same(case, scale + "_degrees", degrees)
            t = difference / error
            half = t_quantile_above(alpha / 2, degrees) * error
            self.verdict(case, scale + "_fixed", difference - half, difference + half,
                         2 * t_above(abs(t), degrees))
            half = t_quantile_above(alpha, degrees) * error
            self.verdict(case, scale + "_greater", difference - half, None, t_above(t, degrees))
            # Howard et al. 2021 in terms of intrinsic time; GrowthBook's rho is 1 over the root.
            rho2 = (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / tuned
            half = error * math.sqrt(n) * math.sqrt(
                2 * (n * rho2 + 1) / (n ** 2 * rho2) * math.log(math.sqrt(n * rho2 + 1) / alpha))
            statistic = difference ** 2 * n / error ** 2
            p = math.sqrt(n * rho2 + 1) * math.exp(-rho2 * statistic / (2 * (n * rho2 + 1)))
            self.verdict(case, scale + "_sequence", difference - half, difference + half,
                         min(1, p))
            two = 2 * alpha
            rho2 = (-2 * math.log(two) + math.log(1 - 2 * math.log(two))) / tuned

            def width(level, rho2=rho2, error=error):
                return error * math.sqrt(n) * math.sqrt(
                    2 * (n * rho2 + 1) / (n ** 2 * rho2)
                    * math.log1p(math.sqrt(n * rho2 + 1) / (2 * level)))

            def p_towards(far):
                if far <= 0 or width(1.0) >= far:
                    return 1.0
                log_p = bisect(lambda log: width(math.exp(log)) - far, -600.0, 0.0)
                return math.exp(log_p)

            self.verdict(case, scale + "_sequence_greater", difference - width(alpha), None,
                         p_towards(difference))
            self.verdict(case, scale + "_sequence_less", None, difference + width(alpha),
                         p_towards(-difference))

    def split(self, case):
        counts, weights = case["counts"], case["weights"]
        total, whole = sum(counts), sum(weights)
        expected = [total * w / whole for w in weights]
        statistic = sum((c - e) ** 2 / e for c, e in zip(counts, expected))
        self.same(case, "statistic", statistic)
        self.same(case, "p", chi_square_above(statistic, len(counts) - 1))
        # Multinomial against Dirichlet-multinomial (Lindon and Malek), unit by unit.
        log_factor, before = 0.0, 0
        for count, weight in zip(counts, weights):
            share = weight / whole
            for k in range(int(count)):
                log_factor += math.log((1_000 * share + k) / (1_000 + before)) - math.log(share)
                before += 1
        self.same(case, "sequential_p", min(1.0, math.exp(-log_factor)))

    def several(self, case):
        p = case["p"]
        count = len(p)
        order = sorted(range(count), key=lambda i: p[i])
        for i in range(count):
            rank = order.index(i)
            up_to = [min(1, (count - r) * p[order[r]]) for r in range(rank + 1)]
            self.same({**case, "found": case["holm"][i]}, "found", max(up_to))
            from_here = [min(1, count / (r + 1) * p[order[r]]) for r in range(rank, count)]
            self.same({**case, "found": case["benjamini_hochberg"][i]}, "found", min(from_here))

    def other(self, case):
        z_alpha, z_power = NORMAL.inv_cdf(1 - case["alpha"] / 2), NORMAL.inv_cdf(case["power"])
        variance = case["variance_a"] + case["variance_b"]
        units = math.ceil((z_alpha + z_power) ** 2 * variance / case["difference"] ** 2)
        self.same(case, "units", units)
        error = math.sqrt(variance / units)
        shift = case["difference"] / error
        self.same(case, "power_of", NORMAL.cdf(shift - z_alpha) + NORMAL.cdf(-shift - z_alpha))
        self.same(case, "detectable", (z_alpha + z_power) * error)

        def fnv(text):
            value = 0x811C9DC5
            for byte in text.encode():
                value = (value ^ byte) * 0x01000193 % 2 ** 32
            return value

        self.same(case, "bucket", fnv(str(fnv("greeting" + case["unit"]))) % 10_000 / 10_000)

    def take(self, case):
        kind = case["kind"]
        (self.two_samples if kind in ("proportion", "mean", "ratio") else getattr(self, kind))(case)


def main():
    program, seed, cases = sys.argv[1:4]
    printed = subprocess.run([program, seed, cases], check=True, capture_output=True, text=True)
    checker = Checker()
    for line in printed.stdout.splitlines():
        checker.take(json.loads(line))
    for wrong in checker.wrong[:20]:
        print(wrong)
    print(f"{checker.compared} numbers worked out again, {len(checker.wrong)} differ (seed {seed})")
    return 1 if checker.wrong or checker.compared < int(cases) else 0


if __name__ == "__main__":
    sys.exit(main())
