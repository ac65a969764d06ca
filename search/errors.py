"""Every error that Daogou raises on purpose. Each message says what to do next.

::

    DaogouError
    ├── SettingsError              a setting cannot be read
    ├── CatalogueError             a catalogue cannot be read at all (single bad rows are reported, not raised)
    │   └── MappingError           the mapping file is wrong or does not fit the columns
    ├── ReindexError               a reindex was refused or failed; the live index is untouched
    │   ├── ReindexRunning         another one is at work on the same index
    │   ├── ShrinkRefused          the catalogue lost more than half of its products
    │   ├── VerificationFailed     the new version did not pass its checks
    │   └── NothingToRollBackTo    there is no previous version
    ├── EncoderError               the encoder cannot be loaded or cannot encode
    │   ├── EncoderNotFound        no such folder, package or hub model
    │   ├── EncoderUntrusted       wrong hash, pickled weights, or code in the model folder
    │   └── EncoderMismatch        the index was built with another encoder
    ├── StoreError                 the vector store refused or failed
    │   ├── IndexNotFound
    │   ├── IndexInUse             another process has the embedded index open
    │   ├── IndexDamaged           files of the index are missing or do not load
    │   └── StoreUnavailable       the Qdrant server does not answer
    └── RequestError               the caller asked for something that cannot be done
        ├── FilterError
        ├── SortError
        ├── FacetError
        ├── DocumentError          a document sent in is not a product
        ├── DocumentNotFound
        └── JudgementError         a qrels, run or query file cannot be read
"""


class DaogouError(Exception):
    """Root of the tree: catch this to catch everything that Daogou raises on purpose."""


class SettingsError(DaogouError): ...


class CatalogueError(DaogouError): ...


class MappingError(CatalogueError): ...


class ReindexError(DaogouError): ...


class ReindexRunning(ReindexError): ...


class ShrinkRefused(ReindexError): ...


class VerificationFailed(ReindexError): ...


class NothingToRollBackTo(ReindexError): ...


class EncoderError(DaogouError): ...


class EncoderNotFound(EncoderError): ...


class EncoderUntrusted(EncoderError): ...


class EncoderMismatch(EncoderError): ...


class StoreError(DaogouError): ...


class IndexNotFound(StoreError):
    def __init__(self, index: str) -> None:
        super().__init__(
            f"There is no index '{index}'. Build it with: python -m indexer reindex CATALOGUE --index {index}"
        )
        self.index = index


class IndexInUse(StoreError): ...


class IndexDamaged(StoreError): ...


class StoreUnavailable(StoreError): ...


class RequestError(DaogouError): ...


class FilterError(RequestError): ...


class SortError(RequestError): ...


class FacetError(RequestError): ...


class DocumentError(RequestError): ...


class DocumentNotFound(RequestError):
    def __init__(self, product_id: str) -> None:
        super().__init__(f"Document `{product_id}` not found.")
        self.product_id = product_id


class JudgementError(RequestError): ...
