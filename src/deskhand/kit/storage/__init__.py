"""Where files live: a folder or an S3 bucket, behind one small API.

Objects are written once under a fresh key and never changed. Keys are made here (`3f/0190…`), never from what
somebody typed. Trouble with the disk or the bucket is `StorageUnavailable` (503), a key that is gone `FileMissing`.
"""

from deskhand.kit.storage.base import FileMissing, Storage, StorageUnavailable, Stored, key_of

__all__ = ["FileMissing", "Storage", "StorageUnavailable", "Stored", "key_of"]
