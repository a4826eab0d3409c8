"""Picture files by their endings: which are read, and which are known and not read."""

READ = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".webp"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".jpx", ".avif"}
)
NOT_READ = frozenset(
    {".heic", ".heif", ".jxl", ".exr", ".hdr", ".svg", ".pdf", ".psd", ".tga", ".ico", ".dds"}
    | {".dcm", ".dicom", ".nii", ".mha", ".mhd", ".nrrd", ".mrc", ".fits", ".fit", ".hdf5"}
    | {".czi", ".nd2", ".lif", ".lsm", ".oib", ".oif", ".stk", ".vsi", ".svs", ".ndpi", ".scn"}
    | {".mrxs", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".raf", ".img", ".bil"}
    | {".bsq", ".ecw", ".sid", ".mp4", ".avi", ".mov", ".mkv", ".webm"}
)


def without_ending(name: str) -> str:
    """Return a name without the ending of a picture that is read; others stay as they are."""
    stem, dot, ending = name.rpartition(".")
    is_picture = f"{dot}{ending}".lower() in READ
    return stem if is_picture and stem and not stem.endswith("/") else name
