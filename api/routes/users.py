"""What is kept of a shopper: shown, declared, erased. For the admin key alone, and never in the log."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Request

from api.bodies import read_json
from api.desk import Desk, desk
from api.errors import ApiError, OrjsonResponse
from api.openapi import answers, body
from api.parsing import from_body
from api.schemas import MAX_USER_CHARS, ErasedAnswer, UserAnswer, UserBody, UserExportAnswer
from api.users import changed, shown_export, shown_record
from search.domain import Json
from search.errors import ConsentError

router = APIRouter(tags=["users"])

ERASED = "Forgotten. Bytes that are left in files go with the next purge."
NOTHING = "Nothing was kept of this user."


@router.get("/users/{user:path}", responses=answers(UserExportAnswer))
async def export(request: Request, user: str) -> OrjsonResponse:
    """Everything that is kept of a shopper, to be read by a person."""
    at = desk(request)
    return OrjsonResponse(await at.reads.run(_export, at, _checked(request, user)))


@router.put("/users/{user:path}", responses=answers(UserAnswer), openapi_extra=body(UserBody))
async def declare(request: Request, user: str) -> OrjsonResponse:
    """What shoppers say of themselves, and whether they agree to be known. Only what is sent changes."""
    at, name = desk(request), _checked(request, user)
    sent = from_body(UserBody, await read_json(request), "user")
    return OrjsonResponse(await at.write(_declare, at, name, sent))


@router.delete("/users/{user:path}", responses=answers(ErasedAnswer))
async def erase(request: Request, user: str) -> OrjsonResponse:
    """Forget a shopper altogether, a refusal to be known included. Twice is no error."""
    at = desk(request)
    return OrjsonResponse(await at.write(_erase, at, _checked(request, user)))


def _checked(request: Request, user: str) -> str:
    """The id as the shop has it. Raises 400; what is wrong is said without repeating the id."""
    try:
        # The decoded path has other characters in place of what is not UTF-8: two ids might become one.
        unquote_to_bytes(request.scope.get("raw_path") or request.scope["path"].encode()).decode()
    except UnicodeError:
        raise ApiError("invalid_user_id", "The id of the user is not UTF-8, percent-encoded.") from None
    if not 0 < len(user) <= MAX_USER_CHARS:
        raise ApiError("invalid_user_id", f"The id of a user has 1 to {MAX_USER_CHARS} characters.")
    return user


def _export(at: Desk, user: str) -> dict[str, Json]:
    shopper = at.service.shoppers.name(user)
    with at.engine.opened() as collections:
        kept = at.service.recorder.kept(shopper, collections)
    if kept is None:
        raise ApiError("user_not_found", NOTHING)
    return shown_export(user, shopper, kept)


def _declare(at: Desk, user: str, sent: UserBody) -> dict[str, Json]:
    shopper = at.service.shoppers.name(user)
    try:
        record = at.service.recorder.declare(shopper, lambda record: changed(record, sent))
    except ConsentError as error:
        raise ApiError("invalid_user_consent", str(error)) from None
    return shown_record(user, record)


def _erase(at: Desk, user: str) -> dict[str, Json]:
    forgotten = at.service.recorder.forget(at.service.shoppers.name(user))
    something = forgotten.points or forgotten.lines
    return {
        "erased": forgotten.points,
        "logLines": forgotten.lines,
        "message": ERASED if something else NOTHING,
    }
