"""Values that hold what people say."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from core.calls import call
from core.events import command
from core.models import Memory

SECRET = "my-own-secret-words"


@pytest.mark.parametrize(
    "read",
    [
        lambda: Memory.model_validate({"id": SECRET * 9, "text": SECRET, "created_at": SECRET}),
        lambda: call.validate_python({"tool": "memory.remember", "fact": [SECRET]}),
        lambda: command.validate_python({"type": "user.message", "client_id": SECRET, "text": {"a": SECRET}}),
    ],
)
def test_an_error_about_a_value_does_not_repeat_it(read: object) -> None:
    with pytest.raises(ValidationError) as refused:
        read()  # type: ignore[operator]
    assert SECRET not in str(refused.value)
