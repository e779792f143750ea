"""The version of this package, as its metadata and every report have it."""

VERSION = "0.2.0"
