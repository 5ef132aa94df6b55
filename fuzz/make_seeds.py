#!/usr/bin/env python3
"""Writes fuzz/seeds/TARGET/NAME: a small file of every kind that the readers take. Needs nothing but Python.

Those of `journal` are not made here: a run that was killed left them, sealed.
"""
import io
import pathlib
import struct
import zipfile
import zlib

ROOT = pathlib.Path(__file__).parent / "seeds"


def seed(target, name, data):
    path = ROOT / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def npy(dtype, shape, values, fortran=False):
    head = f"{{'descr': '{dtype}', 'fortran_order': {fortran}, 'shape': {shape}, }}"
    code = {"f8": "d", "f4": "f", "f2": "e", "i4": "i", "u1": "B", "i8": "q"}[dtype[1:]]
    order = ">" if dtype[0] == ">" else "<"
    return (b"\x93NUMPY\x01\x00\x76\x00" + f"{head:<117}\n".encode()
            + struct.pack(f"{order}{len(values)}{code}", *values))


def npz(array, method):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        info = zipfile.ZipInfo("arr_0.npy", (1980, 1, 1, 0, 0, 0))
        info.compress_type = method
        archive.writestr(info, array)
    return out.getvalue()


def pfm(channels, width, height, little=True):
    values = [0.25 * (k % 5) for k in range(channels * width * height)]
    kind, scale, order = ("PF" if channels == 3 else "Pf"), ("-1.0" if little else "1.0"), "<" if little else ">"
    return f"{kind}\n{width} {height}\n{scale}\n".encode() + struct.pack(f"{order}{len(values)}f", *values)


def png(width, height, depth, colour, extra=()):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    samples = {0: 1, 2: 3, 6: 4, 3: 1}[colour]
    row = bytes((37 * k) % 251 for k in range((width * samples * depth + 7) // 8))
    if colour == 3:
        row = bytes(k % 2 for k in range(width))
        extra = [*extra, (b"PLTE", bytes([0, 0, 0, 255, 9, 9]))]
    body = b"".join(b"\0" + row for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
            + b"".join(chunk(*e) for e in extra) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b""))


def tiff(width, height, bits, samples, photometric, sample_format=1, big=False):
    data = bytes((29 * k) % 128 for k in range(width * height * samples * bits // 8))
    if sample_format == 3:
        data = struct.pack(f"<{width * height * samples}f", *[0.5] * (width * height * samples))
    word, size, start = ("Q", 20, 16) if big else ("I", 12, 8)
    tags = [(256, 3, width), (257, 3, height), (258, 3, bits), (259, 3, 1), (262, 3, photometric),
            (273, 4, start), (277, 3, samples), (278, 3, height), (279, 4, len(data)), (339, 3, sample_format)]
    if samples == 3:
        # One value for all channels does not stand in the entry; BigTIFF has the room.
        tags[2] = (258, 3, [bits] * 3)
        tags[-1] = (339, 3, [sample_format] * 3)
    after = start + len(data)
    tail, entries = b"", b""
    directory = struct.calcsize("<" + ("Q" if big else "H")) + size * len(tags) + struct.calcsize("<" + word)
    for tag, kind, value in tags:
        values = value if isinstance(value, list) else [value]
        packed = struct.pack("<" + {3: "H", 4: "I"}[kind] * len(values), *values)
        room = 8 if big else 4
        if len(packed) > room:
            place = after + directory + len(tail)
            tail += packed
            packed = struct.pack("<" + word, place)
        entries += struct.pack("<HH" + word, tag, kind, len(values)) + packed.ljust(room, b"\0")
    head = b"II" + (struct.pack("<HHHQ", 43, 8, 0, after) if big else struct.pack("<HI", 42, after))
    count = struct.pack("<Q" if big else "<H", len(tags))
    return head + data + count + entries + struct.pack("<" + word, 0) + tail


def bmp():
    rows = bytes(range(24)) * 2
    return b"BM" + struct.pack("<IHHI", 54 + 48, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, 8, 2, 1, 24, 0, 48, 0, 0, 0, 0) + rows


def gif():
    return (b"GIF89a" + struct.pack("<HHBBB", 2, 2, 0x80, 0, 0) + bytes([0, 0, 0, 255, 255, 255])
            + b"," + struct.pack("<HHHHB", 0, 0, 2, 2, 0) + b"\x02\x03\x44\x02\x05\x00;")


def flo(width, height):
    values = [(-1) ** k * 0.5 * k for k in range(2 * width * height - 2)] + [1e9, 1e10]
    return b"PIEH" + struct.pack("<ii", width, height) + struct.pack(f"<{len(values)}f", *values)


def y4m(tags, frame, frames=2, line=b"FRAME\n"):
    return b"YUV4MPEG2 " + tags + b"\n" + (line + bytes(k % 251 for k in range(frame))) * frames


def main():
    floats = [0.5 * k for k in range(12)]
    arrays = {
        "f8.npy": npy("<f8", (3, 4), floats),
        "f4_big_endian.npy": npy(">f4", (3, 4), floats),
        "f2_fortran.npy": npy("<f2", (3, 4), floats, True),
        "i4.npy": npy("<i4", (4, 3), range(12)),
        "stored.npz": npz(npy("<f4", (2, 6), floats), zipfile.ZIP_STORED),
        "deflated.npz": npz(npy("<u1".replace("<", "|"), (2, 6), range(12)), zipfile.ZIP_DEFLATED),
    }
    for name, data in arrays.items():
        seed("table", name, data)
        seed("field", name, data)
    seed("table", "line.npy", npy("<f8", (12,), floats))
    seed("table", "plain.csv", "1,2\n3,4.5\n-1e-3,6\n")
    seed("table", "names.csv", "# points\nx,y,weight\n1,2,3\n4,5,6\n")
    seed("table", "pandas.csv", ",x,y\n0,1,2\n1,3,4\n")
    seed("table", "semicolons.csv", "\ufeff1;2\r\n3;4\r\n")
    seed("table", "blanks.txt", " 1.0  2.0\n 3.0  4.0\n")
    seed("table", "quoted.csv", '"x","y"\n"1","2"\n')
    seed("field", "one.pfm", pfm(1, 3, 2))
    seed("field", "one_big_endian.pfm", pfm(1, 3, 2, False))
    seed("field", "float.tif", tiff(3, 2, 32, 1, 1, 3))
    seed("field", "float_big.tif", tiff(3, 2, 32, 1, 1, 3, True))
    seed("map", "map.flo", flo(3, 2))
    seed("map", "map.pfm", pfm(3, 3, 2))
    seed("map", "kitti.png", png(3, 2, 16, 2))
    seed("map", "last.npy", npy("<f4", (2, 3, 2), floats))
    seed("map", "first.npy", npy("<f4", (1, 2, 2, 3), floats))
    seed("map", "map.npz", npz(npy("<f2", (2, 3, 2), floats, True), zipfile.ZIP_DEFLATED))
    tags = [(b"cICP", bytes([9, 16, 0, 1])), (b"gAMA", struct.pack(">I", 45455)), (b"pHYs", struct.pack(">IIB", 2835, 2835, 1))]
    seed("still", "rgb.png", png(5, 3, 8, 2, tags))
    seed("still", "grey16.png", png(5, 3, 16, 0))
    seed("still", "rgba.png", png(5, 3, 8, 6))
    seed("still", "palette.png", png(6, 3, 8, 3))
    seed("still", "rgb.tif", tiff(4, 3, 8, 3, 2))
    seed("still", "big.tif", tiff(4, 3, 8, 3, 2, 1, True))
    seed("still", "grey16.tif", tiff(4, 3, 16, 1, 1))
    seed("still", "float_rgb.tif", tiff(4, 3, 32, 3, 2, 3))
    seed("still", "colour.pfm", pfm(3, 3, 2))
    seed("still", "rgb.ppm", b"P6\n2 2\n255\n" + bytes(range(12)))
    seed("still", "grey16.pgm", b"P5 2 2 65535\n" + bytes(range(8)))
    seed("still", "rgba.pam", b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n" + bytes(range(8)))
    seed("still", "rgb.bmp", bmp())
    seed("still", "two.gif", gif())
    seed("y4m", "420.y4m", y4m(b"W4 H2 F25:1 Ip A1:1 C420jpeg", 12))
    seed("y4m", "420p10.y4m", y4m(b"W4 H2 F30000:1001 C420p10 XCOLORRANGE=FULL", 24, line=b"FRAME Ip\n"))
    seed("y4m", "mono.y4m", y4m(b"W3 H3 Cmono", 9))
    seed("y4m", "444alpha.y4m", y4m(b"W2 H2 F1:1 It C444alpha", 16))
    seed("cuts", "cuts.txt", "# cuts\n120\n4.8\n5s # here\n\n0.5 s\n")
    seed("floors", "floors.toml", '[balanced.davis]\npsnr_db = 26.5\nssim = 0.82\nghost = 0.1\n\n[balanced."a b"]\npsnr_db = 1\nssim = 0\n'
         .replace("psnr_db = 1\nssim = 0", "psnr_db = 1.0\nssim = 0.0"))


main()
