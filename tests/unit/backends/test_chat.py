"""Chat templates that refuse, drop or tell: nothing of a conversation is lost, and the date is the same every day."""

from __future__ import annotations

import datetime
from itertools import pairwise
from types import SimpleNamespace

import pytest

from evalkit.backends.chat import ChatTemplate, fixed_clock, of_text, tells_time
from evalkit.config.run import DEFAULT_TEMPLATE_DATE
from evalkit.errors import ModelError
from evalkit.records import INSTRUCTION_IN_USER, ONE_TURN, TURNS_AS_GIVEN

SYSTEM = {"role": "system", "content": "Antworte mit einer Zahl."}
EXAMPLE = [
    {"role": "user", "content": "Was ist 1 + 1?\nAntwort:"},
    {"role": "assistant", "content": "2"},
]
QUESTION = {"role": "user", "content": "Was ist 2 + 3?\nAntwort:"}
OPENING = {"role": "assistant", "content": "Die Zahl ist"}
EACH = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>{% endfor %}"
OPEN = "{% if add_generation_prompt %}<assistant>{% endif %}"
TURNS_ALTERNATE = (
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate') }}{% endif %}"
    "[{{ m.role }}]{{ m.content | trim }}{% endfor %}[assistant]"
)
TEMPLATES = {
    "all roles": (EACH + OPEN, TURNS_AS_GIVEN, TURNS_AS_GIVEN),
    "trims": (EACH.replace("m.content", "m.content | trim") + OPEN, TURNS_AS_GIVEN, TURNS_AS_GIVEN),
    "raises at system": (
        "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + EACH,
        INSTRUCTION_IN_USER,
        INSTRUCTION_IN_USER,
    ),
    "raises at any but user and assistant": (
        "{% for m in messages %}{% if m.role not in ['user', 'assistant'] %}"
        "{{ raise_exception('Only user and assistant') }}{% endif %}{{ m.content }}{% endfor %}",
        INSTRUCTION_IN_USER,
        INSTRUCTION_IN_USER,
    ),
    "must alternate": (TURNS_ALTERNATE, INSTRUCTION_IN_USER, INSTRUCTION_IN_USER),
    "skips system without a word": (
        "{% for m in messages if m.role != 'system' %}<{{ m.role }}>{{ m.content }}{% endfor %}",
        INSTRUCTION_IN_USER,
        INSTRUCTION_IN_USER,
    ),
    "writes a system turn of its own instead": (
        "<system>You are a helpful assistant.{% for m in messages %}{% if m.role != 'system' %}"
        "<{{ m.role }}>{{ m.content }}{% endif %}{% endfor %}",
        INSTRUCTION_IN_USER,
        INSTRUCTION_IN_USER,
    ),
    "system in the last question": (
        "{% for m in messages %}{% if m.role != 'system' %}{% if loop.last and messages[0].role == 'system' %}"
        "{{ messages[0].content }}\n\n{% endif %}[{{ m.content }}]{% endif %}{% endfor %}",
        TURNS_AS_GIVEN,
        TURNS_AS_GIVEN,
    ),
    "last turn only": ("<user>{{ messages[-1].content }}", INSTRUCTION_IN_USER, ONE_TURN),
    "first turn only": ("<user>{{ messages[0].content }}", INSTRUCTION_IN_USER, ONE_TURN),
    "system and last turn": (
        "{% if messages[0].role == 'system' %}{{ messages[0].content }}{% endif %}{{ messages[-1].content }}",
        TURNS_AS_GIVEN,
        ONE_TURN,
    ),
    "one message or an error": (
        "{% if messages | length > 1 %}{{ raise_exception('single turn') }}{% endif %}"
        "{{ messages[0].content }}",
        INSTRUCTION_IN_USER,
        ONE_TURN,
    ),
    "drops the answers of the assistant": (
        "{% for m in messages if m.role != 'assistant' %}<{{ m.role }}>{{ m.content }}{% endfor %}",
        TURNS_AS_GIVEN,
        ONE_TURN,
    ),
    "content in parts": (
        "{% for m in messages %}<{{ m.role }}>{% for part in m.content %}{% if part.type == 'text' %}"
        "{{ part.text }}{% endif %}{% endfor %}{% endfor %}",
        TURNS_AS_GIVEN,
        TURNS_AS_GIVEN,
    ),
    "content in parts, no system": (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('x') }}{% endif %}"
        "{% for part in m.content %}{{ part.text }}{% endfor %}{% endfor %}",
        INSTRUCTION_IN_USER,
        INSTRUCTION_IN_USER,
    ),
    "text or parts": (
        "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}"
        "{{ m.content[0].text }}{% endif %}{% endfor %}",
        TURNS_AS_GIVEN,
        TURNS_AS_GIVEN,
    ),
    "an undefined name at system": (
        "{% for m in messages %}{% if m.role == 'system' %}{{ nothing.here.at_all }}{% endif %}"
        "{{ m.content }}{% endfor %}",
        INSTRUCTION_IN_USER,
        INSTRUCTION_IN_USER,
    ),
    "a division by nothing at system": (
        "{% if messages[0].role == 'system' %}{{ 1 / 0 }}{% endif %}" + EACH,
        INSTRUCTION_IN_USER,
        INSTRUCTION_IN_USER,
    ),
    "other names of roles": (
        "{% for m in messages %}<start_of_turn>{{ {'user': 'user', 'assistant': 'model'}[m.role] }}\n"
        "{{ m.content }}<end_of_turn>{% endfor %}<start_of_turn>model\n",
        TURNS_AS_GIVEN,  # an unknown role renders as nothing, its content stays
        TURNS_AS_GIVEN,
    ),
}


def written(name: str) -> ChatTemplate:
    return of_text("m", TEMPLATES[name][0], {"bos_token": "<s>", "eos_token": "</s>"})


@pytest.mark.parametrize("name", TEMPLATES)
def test_nothing_of_a_conversation_is_lost(name: str) -> None:
    template = written(name)
    for messages, expected in (
        ([QUESTION], TURNS_AS_GIVEN),
        ([SYSTEM, QUESTION], TEMPLATES[name][1]),
        ([SYSTEM, *EXAMPLE, QUESTION], TEMPLATES[name][2]),
    ):
        template.forget()
        text = template.render(messages, True)
        assert template.turns == expected
        assert template.way_of([m["role"] for m in messages]) == expected
        if "system in the last" not in name:
            at = [text.index(m["content"]) for m in messages if m["content"] != "2"]
            assert all(a < b for a, b in pairwise(at))
        assert all(m["content"] in text for m in messages)


@pytest.mark.parametrize("name", TEMPLATES)
def test_an_open_answer_stays_open(name: str) -> None:
    """lm-eval lets some tasks begin the answer."""
    template = written(name)
    text = template.render([SYSTEM, QUESTION, OPENING], False)
    assert text.endswith(OPENING["content"])
    assert all(m["content"] in text for m in (SYSTEM, QUESTION))


def test_the_furthest_way_of_a_cell_is_remembered_until_the_next() -> None:
    template = written("last turn only")
    template.render([SYSTEM, *EXAMPLE, QUESTION], True)
    template.render([QUESTION], True)
    assert template.turns == ONE_TURN
    template.forget()
    template.render([QUESTION], True)
    assert template.turns == TURNS_AS_GIVEN


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ raise_exception('never') }}", "never"),
        ("{% for m in messages %}", "can't write the conversation"),
        ("always the same", "it leaves turns out"),
        ("{{ messages[0].nothing.here }}", "nothing"),
        ("{% if messages %}{{ 'a' + 1 }}{% endif %}", "str"),
    ],
)
def test_a_template_that_takes_no_way_is_one_sentence(text: str, why: str) -> None:
    template = of_text("m", text, {})
    with pytest.raises(ModelError, match=why) as caught:
        template.render([SYSTEM, QUESTION], True)
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelError, match=why):
        template.way_of(["user"])


CLOCKS = {
    "%d %b %Y": "26 Jul 2024",
    "%Y-%m-%d": "2024-07-26",
    "%d %B %Y": "26 July 2024",
    "%H:%M:%S": "12:00:00",
    "%A": "Friday",
}


@pytest.mark.parametrize("pattern", CLOCKS)
def test_a_template_that_tells_the_time_says_the_same_every_day(pattern: str) -> None:
    template = f"{{{{ strftime_now('{pattern}') }}}} {EACH}"
    assert tells_time(template)
    chat = of_text("m", template, {})
    with fixed_clock(DEFAULT_TEMPLATE_DATE):
        assert chat.render([QUESTION], True).startswith(CLOCKS[pattern])
    with fixed_clock(datetime.date(2031, 1, 2)):
        assert not chat.render([QUESTION], True).startswith(CLOCKS["%Y-%m-%d"])


def test_variables_that_are_not_given_leave_a_template_its_own_date() -> None:
    text = (
        "{% if not date_string is defined %}{% if strftime_now is defined %}"
        "{% set date_string = strftime_now('%d %b %Y') %}{% else %}{% set date_string = '1 Jan 2020' %}"
        "{% endif %}{% endif %}Today: {{ date_string }} {{ today }}" + EACH
    )
    with fixed_clock(DEFAULT_TEMPLATE_DATE):
        assert "Today: 26 Jul 2024" in of_text("m", text, {}).render([QUESTION], True)


def test_the_clock_goes_on_afterwards() -> None:
    from transformers.utils import chat_template_utils

    with pytest.raises(ValueError, match="stop"), fixed_clock(DEFAULT_TEMPLATE_DATE):
        raise ValueError("stop")
    assert chat_template_utils.datetime is datetime.datetime
    assert not tells_time(None)
    assert not tells_time(SimpleNamespace().__class__.__name__)


# --- templates that shorten or draw -------------------------------------------------------------------------------

LONG = "Lies den Text. " + "Er ist lang. " * 200 + "Was steht am Ende?"


@pytest.mark.parametrize(
    "content",
    [
        "m.content[:200]",
        "m.content[-400:]",
        "m.content | truncate(300)",
        "m.content | truncate(300, True, '')",
        "m.content.split('. ')[0]",
        "m.content.split() | first",
        "m.content | replace('lang', '')",
        "m.content | replace('Lies', 'lies')",
    ],
)
def test_a_template_that_shortens_or_changes_the_question_is_refused(content: str) -> None:
    template = of_text("m", EACH.replace("m.content", content) + OPEN, {})
    with pytest.raises(ModelError, match="it shortens or changes what the user asks"):
        template.render([{"role": "user", "content": LONG}], True)


@pytest.mark.parametrize(
    "content",
    [
        "m.content[:9000]",
        "m.content | trim",
        "m.content.strip() + ' '",
        "m.content.split() | join(' ')",
        "m.content | wordwrap(60)",
        "m.content | indent",
        "m.content | tojson",
        "m.content.rstrip('\\n')",
        "(m.content if m.content is string else m.content[0].text)",
    ],
)
def test_white_space_and_json_change_nothing(content: str) -> None:
    template = of_text("m", EACH.replace("m.content", content) + OPEN, {})
    asked = [SYSTEM, *EXAMPLE, {"role": "user", "content": f' {LONG}\n\n  Sag "ja" oder nein.\n'}]
    template.render(asked, True)
    assert template.turns == TURNS_AS_GIVEN


def test_thoughts_may_be_taken_out_of_earlier_answers() -> None:
    strips = EACH.replace(
        "m.content", "m.content.split('</think>')[-1] if m.role == 'assistant' else m.content"
    )
    answer = {"role": "assistant", "content": "<think>1 + 1</think>2"}
    text = of_text("m", strips + OPEN, {}).render([EXAMPLE[0], answer, QUESTION], True)
    assert "1 + 1</think>" not in text


@pytest.mark.parametrize(
    "drawn", ["{{ ['Hi', 'Yo'] | random }}", "{{ range(9) | random }}", "{{ lipsum(1, False) }}"]
)
def test_a_template_that_draws_at_random_is_refused(drawn: str) -> None:
    template = of_text("m", drawn + EACH + OPEN, {})
    for ask in (lambda: template.way_of(["user"]), lambda: template.render([QUESTION], True)):
        with pytest.raises(ModelError, match="it draws at random"):
            ask()


def test_a_template_that_tells_the_second_is_no_draw() -> None:
    template = of_text("m", "{{ strftime_now('%S.%f') }}" + EACH + OPEN, {})
    with fixed_clock(DEFAULT_TEMPLATE_DATE):
        assert template.way_of(["user"]) == TURNS_AS_GIVEN
