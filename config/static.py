"""Static files under names that carry their content's digest, so that browsers may keep them for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Falls back to the plain name for a file that `prepare` has not collected (yet): a page without style beats no page."""

    manifest_strict = False

    def hashed_name(self, name, content=None, filename=None):
        """A vendor's style sheet may name a source map it does not ship; that is no reason not to start."""
        try:
            return super().hashed_name(name, content, filename)
        except ValueError:
            return name

    def stored_name(self, name):
        return self.hashed_files.get(self.hash_key(self.clean_name(name)), name)
