"""Signs notes as adapters/cli/PROOFS.md has them, with a key file of a data directory. Standard library only."""
import base64
import hashlib
import pathlib

import check_proof as checker


def read_seed(path):
    """The secret of a `keys/signing.pem`: the last 32 bytes of its PKCS #8."""
    lines = pathlib.Path(path).read_text(encoding="ascii").splitlines()
    return base64.b64decode("".join(line for line in lines if not line.startswith("-")))[-32:]


def encode_point(point):
    inverse = pow(point[2], checker.P - 2, checker.P)
    x, y = point[0] * inverse % checker.P, point[1] * inverse % checker.P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def secrets_of(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ~7 & ~(1 << 255) | 1 << 254
    return scalar, digest[32:], encode_point(checker.point_multiply(scalar, checker.BASE))


def sign(seed, message):
    """RFC 8032, 5.1.6."""
    scalar, prefix, public = secrets_of(seed)
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % checker.L
    point = encode_point(checker.point_multiply(r, checker.BASE))
    h = int.from_bytes(hashlib.sha512(point + public + message).digest(), "little") % checker.L
    return point + ((r + h * scalar) % checker.L).to_bytes(32, "little")


def hint_of(seed, name):
    return checker.sha256(name.encode() + b"\n\x01" + secrets_of(seed)[2])[:4]


def vkey(seed, name):
    data = base64.b64encode(b"\x01" + secrets_of(seed)[2]).decode()
    return f"{name}+{hint_of(seed, name).hex()}+{data}"


def signed_note(seed, name, text):
    signature = base64.b64encode(hint_of(seed, name) + sign(seed, text.encode())).decode()
    return f"{text}\n\u2014 {name} {signature}\n"


def checkpoint(seed, origin, size, root):
    """`root`: 32 bytes."""
    return signed_note(seed, origin, f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n")
