"""The version of the generator, which is part of every world's digest."""

from __future__ import annotations

import base64

# These are the hashes of the generator's source files, as they were when its pixels were last
# changed. The text of those files may change without another version, as long as every pixel, file
# name and line of a list stays: committed results and frame stores name worlds by their digests. A
# change to any of these needs another version: add a number behind these bytes (+ b"2"), and store
# new thumbnails for tests/videos/puppets/test_version.py.
VERSION = base64.b64decode(
    "F0hVhZNvbiu70hkcSBibS11iRvBQIyldTpOWID9k0v+ZPfNaUu/tPWqiBxH9N2C/13UAyX5HmVu7qDffLfvEmcXcC6pB"
    "2IiZgEIWfdWuwDxsaA8Rj6eeXJTtCUgB+poZ3nAScTYVlfmZZqSfM98rwGYDeCAGFA0M7h8AggWty5aA4oD8/nzjjfi9"
    "6yKlyRkuxc8HTJsl3yo6JdB9zj0pJWN0YpiT0f1qN81HhsJDP4j0tdbwHDpshPbc+VkdReQwGrUboB0GiT07UlA/J55D"
    "am8YHCpZ2887AMILTPkFuOZrKObXKiNhXYLdRnRZv1Ezg+s1mxyphRrIv3Z5NpF4aZAg3sW4BD07C9/UZehSzU+9jS+F"
    "n/Sp0Vbq+TglGFtNl1i3aTlvR7j/iDMGZn4RcyNZ0mRDRNcTQyVyhcd5cSypqAXfUU6PfdKwu4KhjbmQKb7cYpa7uvLS"
    "pUYRdM6j6Cyr6zhpbJX6UZ+NtVPlC9f189uE0hWfU87WmOwG5NfRjcp3e8vvl77yWXys8XhPzfQStBCWWkjjeA2suuwy"
    "YdgnXX86mEBFkxkd4pBATvIyjRXVpaq7UNvy6dIjmtP0knkfKvZ4i/JTk2dYH4gK4VweRDcAR7reb35emQvwfFvzuCde"
    "jbvqgvAoI3LajRJNFry6ddAQiuc0+aUMvbt2skPZMA8Tx8Us3UVM7vUPpuZ6nsZTCtI6PPeZ0ELdVI4rFg=="
)
