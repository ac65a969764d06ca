"""Every error that Daogou raises on purpose. Each message says what to do next.

::

    DaogouError
    ├── SettingsError              a setting cannot be read
    │   └── ExperimentError        the file of DAOGOU_EXPERIMENTS is wrong
    ├── CatalogueError             a catalogue cannot be read at all (single bad rows are reported, not raised)
    │   └── MappingError           the mapping file is wrong or does not fit the columns
    ├── ReindexError               a reindex was refused or failed; the live index is untouched
    │   ├── ReindexRunning         another one is at work on the same index
    │   ├── ShrinkRefused          the catalogue lost more than half of its products
    │   ├── VerificationFailed     the new version did not pass its checks
    │   ├── GateFileError          the file of --gate is wrong
    │   ├── GateRefused            by the judgements the new version is worse than the live one
    │   └── NothingToRollBackTo    there is no previous version
    ├── TrainingError              there is too little to learn from, or nothing
    │   └── NoBetter               what was learnt is not proven better than what serves
    ├── EncoderError               the encoder cannot be loaded or cannot encode
    │   ├── EncoderNotFound        no such folder, package or hub model
    │   ├── EncoderUntrusted       wrong hash, pickled weights, or code in the model folder
    │   └── EncoderMismatch        the index was built with another encoder
    ├── StoreError                 the vector store refused or failed
    │   ├── IndexNotFound
    │   ├── IndexInUse             another process has the embedded index open
    │   ├── IndexDamaged           files of the index are missing or do not load
    │   ├── NothingKept            nothing is kept of any shopper yet
    │   └── StoreUnavailable       the Qdrant server does not answer
    ├── RankingModelMismatch       learned weights do not fit the score parts that they are for
    ├── LanguageModelError         the language model is not there, or says nothing that can be used
    │   ├── LanguageModelBusy      it does not answer in time, is overloaded or broken: later it may be well
    │   ├── LanguageModelRefused   it will not take this one request; others it may
    │   └── NothingGrounded        nothing of what it said is in the data it was given
    ├── DescriptionError           the file of descriptions cannot be read or written, or holds something else
    └── RequestError               the caller asked for something that cannot be done
        ├── FilterError
        ├── SortError
        ├── FacetError
        ├── DocumentError          a document sent in is not a product
        ├── DocumentNotFound
        ├── EventError             a field of an event holds what it cannot
        ├── ConsentError           something was to be kept of a shopper who has not agreed to that
        ├── JudgementError         a qrels, run or query file cannot be read
        ├── DatasetError           a public judged set cannot be read, downloaded or written
        └── ExperimentLogError     the log of an experiment cannot be read, or does not say what is asked
"""


class DaogouError(Exception):
    """Root of the tree: catch this to catch everything that Daogou raises on purpose."""


class SettingsError(DaogouError): ...


class ExperimentError(SettingsError): ...


class CatalogueError(DaogouError): ...


class MappingError(CatalogueError): ...


class ReindexError(DaogouError): ...


class ReindexRunning(ReindexError): ...


class ShrinkRefused(ReindexError): ...


class VerificationFailed(ReindexError): ...


class GateFileError(ReindexError): ...


class GateRefused(ReindexError): ...


class NothingToRollBackTo(ReindexError): ...


class TrainingError(DaogouError): ...


class NoBetter(TrainingError): ...


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


class NothingKept(StoreError): ...


class StoreUnavailable(StoreError): ...


class RankingModelMismatch(DaogouError): ...


class LanguageModelError(DaogouError): ...


class LanguageModelBusy(LanguageModelError):
    """`after`: seconds for which the server wants to be left alone, where it says so."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class LanguageModelRefused(LanguageModelError): ...


class NothingGrounded(LanguageModelError): ...


class DescriptionError(DaogouError): ...


class RequestError(DaogouError): ...


class FilterError(RequestError): ...


class SortError(RequestError): ...


class FacetError(RequestError): ...


class DocumentError(RequestError): ...


class DocumentNotFound(RequestError):
    def __init__(self, product_id: str) -> None:
        super().__init__(f"Document `{product_id}` not found.")
        self.product_id = product_id


class EventError(RequestError):
    """`field` as it is called in what was sent, `why` for a sentence that has named it."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


class ConsentError(RequestError): ...


class JudgementError(RequestError): ...


class DatasetError(RequestError): ...


class ExperimentLogError(RequestError): ...
